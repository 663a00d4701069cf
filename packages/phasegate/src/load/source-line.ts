import { readFileSync } from 'node:fs'

/**
 * The line of `file` where `error` came from: jiti's parse errors name it in the message, others in the stack.
 * Undefined where the error happened elsewhere.
 */
export function lineOf(error: unknown, file: string): number | undefined {
  if (!(error instanceof Error)) return undefined
  const paths = new Set([file, file.replaceAll('\\', '/')])
  for (const text of [error.message, error.stack ?? '']) {
    for (const path of paths) {
      const line = new RegExp(`${escapePattern(path)}:(\\d+)`).exec(text)?.[1]
      if (line !== undefined) return Number(line)
    }
  }
  return missingExportLine(error, file)
}

/** What an error said, in one line without paths of ours; thrown values that are no errors are shown as they are. */
export function whatItSaid(error: unknown): string {
  if (!(error instanceof Error)) return `it threw ${typeof error === 'string' ? `'${error}'` : String(error)}`
  const first = error.message.split('\n')[0]!.trim()
  const imported = /\(0 , _\w+\.(\w+)\) is not a function/.exec(first)?.[1]
  if (imported !== undefined)
    return `${imported} is not a function; is it exported by the module that it is imported from?`
  return first.replace(/^(ParseError|SyntaxError): /, '').replace(/\s*\(\d+:\d+\)$/, '')
}

/** Node's link error of an ES module ("does not provide an export named 'x'") has no stack of the file. */
function missingExportLine(error: Error, file: string): number | undefined {
  const name = /does not provide an export named '([^']+)'/.exec(error.message)?.[1]
  if (name === undefined) return undefined
  const index = readFileSync(file, 'utf8')
    .split('\n')
    .findIndex((line) => line.includes('import') && line.includes(name))
  return index < 0 ? undefined : index + 1
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
