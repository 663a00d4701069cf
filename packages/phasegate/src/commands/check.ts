import { EXIT, type PhasegateError } from '@phasegate/core'
import type { Finding } from '@phasegate/safety'
import { type Command, wordsAt } from '../command.js'
import { type Annotation, annotationLine, appendJobSummary, markdownTable } from '../output/github.js'
import type { Output } from '../output/output.js'
import { annotationOf, errorLines, placeOf } from '../output/print-error.js'
import { type CheckResult, runCheck } from '../verbs/check.js'
import { flag } from './with-progress.js'

export const checkCommand: Command = async (context) => {
  const { output } = context
  const result = await runCheck({
    ...context.settings,
    files: wordsAt(context, 0),
    ...flag(context, 'against'),
  })
  if (output.format === 'json') printJson(result, output)
  else if (output.format === 'github') printGithub(result, output)
  else printHuman(result, output)
  return result.passed ? EXIT.done : EXIT.findings
}

function printJson(result: CheckResult, output: Output): void {
  output.json({ ok: true, ...result, errors: result.errors.map((error) => error.toJSON()) })
}

function printHuman(result: CheckResult, output: Output): void {
  for (const error of result.errors) for (const line of errorLines(error, output.out.colors)) output.data(line)
  for (const finding of result.findings) for (const line of findingLines(finding, output)) output.data(line)
  for (const note of result.notes) output.say(`note: ${note}`)
  const { red, green } = output.out.colors
  const summary = summaryOf(result)
  output.data(result.passed ? green(summary) : red(summary))
}

function findingLines(finding: Finding, output: Output): readonly string[] {
  const { bold, cyan, dim, green, red, yellow } = output.out.colors
  const color = finding.severity === 'error' ? red : yellow
  return [
    `${color(bold(finding.rule))} ${cyan(placeOf(finding.where))}`,
    `  ${finding.message}`,
    dim(`  ${finding.why}`),
    ...finding.instead.split('\n').map((line, index) => `  ${index === 0 ? green('→') : ' '} ${line}`),
    dim(`  docs/rules/${finding.rule}.md`),
  ]
}

function printGithub(result: CheckResult, output: Output): void {
  const annotations = [...result.errors.map(annotationOf), ...result.findings.map(annotationOfFinding)]
  for (const annotation of annotations) output.data(annotationLine(annotation))
  const rows = annotations.map(({ level, title, message, where }) => [
    level,
    title,
    where === undefined ? '' : placeOf(where),
    message,
  ])
  const table = rows.length === 0 ? '' : `\n${markdownTable(['', 'code', 'where', 'what'], rows)}\n`
  appendJobSummary(`### phasegate check: ${summaryOf(result)}\n${table}`, process.env)
}

function annotationOfFinding(finding: Finding): Annotation {
  const message = [finding.message, finding.why, `→ ${finding.instead}`].join('\n')
  return { level: finding.severity, title: finding.rule, message, where: finding.where }
}

function summaryOf(result: CheckResult): string {
  const warnings = result.findings.filter((finding) => finding.severity === 'warning').length
  const problems = countOf(result.errors, result.findings)
  const files = `${result.checked} ${result.checked === 1 ? 'migration' : 'migrations'} checked`
  const said = problems === 0 ? 'nothing wrong' : `${problems} ${problems === 1 ? 'problem' : 'problems'}`
  return `${files}: ${said}${warnings === 0 ? '' : `, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`}`
}

function countOf(errors: readonly PhasegateError[], findings: readonly Finding[]): number {
  return errors.length + findings.filter((finding) => finding.severity === 'error').length
}
