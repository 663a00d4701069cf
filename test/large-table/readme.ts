import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const EXAMPLE = fileURLToPath(new URL('../../examples/large-table/', import.meta.url))

export interface Command {
  /** As a person would type it, without the comment. */
  readonly line: string
  readonly args: readonly string[]
  /** What the section has exported by then. */
  readonly exports: Readonly<Record<string, string>>
  /** `# …: exit 4`, else 0. */
  readonly exit: number
}

export interface Section {
  readonly statements: readonly string[]
  readonly commands: readonly Command[]
}

/** What a section of the README would have its reader do. */
export function sectionOf(title: string): Section {
  const readme = readFileSync(join(EXAMPLE, 'README.md'), 'utf8')
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${title}\n`))
  if (section === undefined) throw new Error(`the README has no section ${title}`)
  const blocks = (language: string): string =>
    [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(([, text]) => text).join('')
  const exports: Record<string, string> = {}
  const commands: Command[] = []
  for (const text of blocks('sh').split('\n')) {
    const [line = '', comment = ''] = text.split(/\s+#\s/)
    const [, name, value] = /^export (\w+)=(\S+)$/.exec(line) ?? []
    if (name !== undefined) exports[name] = value!
    else if (line !== '') commands.push({ line, args: wordsOf(line), exports: { ...exports }, exit: exitOf(comment) })
  }
  const statements = blocks('sql')
    .split(/;\n/)
    .map((text) => text.trim())
    .filter((text) => text !== '')
  return { statements, commands }
}

function wordsOf(line: string): readonly string[] {
  const [npx, phasegate, ...words] = [...line.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word)
  if (npx !== 'npx' || phasegate !== 'phasegate') throw new Error(`no command of Phasegate: ${line}`)
  return words
}

const exitOf = (comment: string): number => Number(/\bexit (\d+)$/.exec(comment)?.[1] ?? 0)
