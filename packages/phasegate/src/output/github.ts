import { appendFileSync } from 'node:fs'
import type { SourceLocation } from '@phasegate/core'

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice'
  readonly title: string
  readonly message: string
  readonly where?: SourceLocation
}

/** One annotation as a workflow command (GitHub Docs: "Workflow commands for GitHub Actions"). */
export function annotationLine({ level, title, message, where }: Annotation): string {
  const properties = [
    ...(where === undefined ? [] : [`file=${escapeProperty(where.file)}`]),
    ...(where?.line === undefined ? [] : [`line=${where.line}`]),
    `title=${escapeProperty(title)}`,
  ]
  return `::${level} ${properties.join(',')}::${escapeData(message)}`
}

/** Appends Markdown to the job summary; does nothing outside a job. */
export function appendJobSummary(markdown: string, environment: Readonly<Record<string, string | undefined>>): void {
  const file = environment.GITHUB_STEP_SUMMARY
  if (file !== undefined && file !== '') appendFileSync(file, `${markdown}\n`)
}

/** A Markdown table for the job summary. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`
  return [line(titles), `|${' --- |'.repeat(titles.length)}`, ...rows.map(line)].join('\n')
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}

function escapeCell(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('|', '\\|').replace(/\r?\n/g, '<br>')
}
