/** One line of pg_repack: everything that it says goes to stderr as `LEVEL: text`. */
export interface OutputLine {
  readonly level: 'INFO' | 'NOTICE' | 'WARNING' | 'ERROR' | 'FATAL' | 'DETAIL' | 'HINT' | 'other'
  readonly text: string
}

const LEVEL = /^(INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|QUERY|DEBUG2?|LOG): ?(.*)$/s

export function parseOutputLine(line: string): OutputLine {
  const [, level, text] = LEVEL.exec(line) ?? []
  switch (level) {
    case 'INFO':
    case 'NOTICE':
    case 'WARNING':
    case 'ERROR':
    case 'FATAL':
    case 'DETAIL':
    case 'HINT':
      return { level, text: text ?? '' }
    case 'PANIC':
      return { level: 'FATAL', text: text ?? '' }
    default:
      return { level: 'other', text: line }
  }
}

/** Said on success too, or said again in the line that tells what came of it. */
const HARMLESS = /^(skipping invalid index: |canceling conflicted backends|terminating conflicted backends)/

/** Does it say that the table was not repacked? The exit code is 0 after several of these. */
export function saysFailure({ level, text }: OutputLine): boolean {
  if (level === 'ERROR' || level === 'FATAL') return true
  if (level === 'WARNING') return !HARMLESS.test(text)
  return level === 'INFO' && /^Skipping repack |\bskipped: /.test(text)
}

/** `Waiting for 2 transactions to finish. First PID: 25769`, said once a second. */
export function parseWaiting({
  level,
  text,
}: OutputLine): { readonly count: number; readonly session: string } | undefined {
  const [, count, session] = /^Waiting for (\d+) transactions to finish\. First PID: (\d+)/.exec(text) ?? []
  return level !== 'NOTICE' || count === undefined || session === undefined
    ? undefined
    : { count: Number(count), session }
}
