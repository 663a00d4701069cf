import type { PhaseFigures } from './traffic/figures.js'

export interface DemoResult {
  readonly phases: readonly (PhaseFigures & { readonly lockWait: number })[]
  /** What went wrong, the first few. */
  readonly messages: readonly string[]
  readonly backfill: { readonly rows: number; readonly seconds: number }
  /** Bytes. */
  readonly size: { readonly before: number; readonly after: number }
  readonly rows: { readonly rows: number; readonly wrong: number }
}

/** No request failed, no answer and no row was wrong. */
export function succeeded(result: DemoResult): boolean {
  return errorsOf(result) === 0 && result.rows.wrong === 0
}

function errorsOf(result: DemoResult): number {
  return result.phases.reduce((sum, phase) => sum + phase.errors, 0)
}

/** The table and the figures at the end of the demo, as text. */
export function describeResult(result: DemoResult): string {
  const { phases, backfill, size, rows, messages } = result
  const total = phases.reduce((sum, phase) => sum + phase.requests, 0)
  const longest = Math.max(...phases.map((phase) => phase.lockWait))
  const lines = [
    ...table([
      ['phase', 'seconds', 'requests', 'errors', 'p50 ms', 'p99 ms', 'max ms', 'lock wait ms'],
      ...phases.map((phase) => [
        phase.phase,
        phase.seconds.toFixed(1),
        count(phase.requests),
        count(phase.errors),
        phase.p50.toFixed(1),
        phase.p99.toFixed(1),
        phase.max.toFixed(1),
        phase.lockWait.toFixed(0),
      ]),
    ]),
    '',
    `requests           ${count(total)}, errors ${count(errorsOf(result))}`,
    `backfill           ${count(backfill.rows)} rows in ${backfill.seconds.toFixed(1)} s, verified: ${count(backfill.rows / backfill.seconds)} rows/s`,
    `longest lock wait  ${longest.toFixed(0)} ms of a request's statement, looked at every 20 ms`,
    `table size         ${megabytes(size.before)} before, ${megabytes(size.after)} after`,
    `rows compared      ${count(rows.rows)}, wrong ${count(rows.wrong)}`,
    ...messages.map((message) => `error              ${message}`),
    '',
    succeeded(result) ? 'Nobody noticed.' : 'FAILED: a request failed, or an answer or a row was wrong.',
  ]
  return lines.join('\n')
}

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  '),
  )
  return [lines[0]!, widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)]
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
