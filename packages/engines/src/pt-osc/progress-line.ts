/** One line that tells how far it is, or why it waits. */
export type OscLine =
  | { readonly kind: 'begins'; readonly rows: number }
  /** Of ours: the lines before are of runs that were killed, which had copied so many rows; null: unknown. */
  | { readonly kind: 'resumed'; readonly before: number | null }
  | { readonly kind: 'copying'; readonly percent: number; readonly remainSeconds: number }
  | { readonly kind: 'copied' }
  | { readonly kind: 'swapping' }
  | { readonly kind: 'triggers created' }
  | { readonly kind: 'paused' }
  | { readonly kind: 'waits'; readonly reason: string; readonly lagSeconds: number | null }
  /** The last line of a run that came to its end. With the swap left to us nothing is altered yet, and it says so all the same. */
  | { readonly kind: 'ended well' }
  /** Values were changed by the copy. */
  | { readonly kind: 'lossy' }

const STAMP = String.raw`^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d )?`
const BEGINS = new RegExp(`${STAMP}Copying approximately (\\d+) rows\\.\\.\\.$`)
const RESUMED = /# resumed after (\d+|\?) rows$/
const COPYING = /^Copying .+:\s+(\d+)% (?:(\d+)\+)?(?:(\d+):)?(\d\d):(\d\d) remain$/
const COPIED = new RegExp(`${STAMP}Copied rows OK\\.$`)
const EMPTY = / is empty, no rows to copy\.$/
const SWAPPING = new RegExp(`${STAMP}Swapping tables\\.\\.\\.$`)
const TRIGGERS = new RegExp(`${STAMP}Created triggers OK\\.$`)
const PAUSED = /^Sleeping \d+ seconds because .+ exists$/
const LOAD = /^Pausing because (.+?)\.?$/
const LAG = /^Replica lag is (\d+|\?) seconds on (.+?)\.\s+Waiting\.$/
const STOPPED = /^(?:\(\d\) )?Replica (.+) is stopped\.\s+Waiting\.$/
const ENDED = /^Successfully altered `/
const LOSSY = /^(?:\S+ )?Copying rows caused a MySQL error \d+/

/** Undefined: it says none of this. */
export function parseLine(line: string): OscLine | undefined {
  const begins = BEGINS.exec(line)
  if (begins !== null) return { kind: 'begins', rows: Number(begins[1]) }
  const copying = COPYING.exec(line)
  if (copying !== null) {
    const [days = 0, hours = 0, minutes = 0, seconds = 0] = copying.slice(2).map((part) => Number(part ?? 0))
    const remainSeconds = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return { kind: 'copying', percent: Number(copying[1]), remainSeconds }
  }
  const [, before] = RESUMED.exec(line) ?? []
  if (before !== undefined) return { kind: 'resumed', before: before === '?' ? null : Number(before) }
  if (COPIED.test(line) || EMPTY.test(line)) return { kind: 'copied' }
  if (SWAPPING.test(line)) return { kind: 'swapping' }
  if (TRIGGERS.test(line)) return { kind: 'triggers created' }
  if (PAUSED.test(line)) return { kind: 'paused' }
  if (ENDED.test(line)) return { kind: 'ended well' }
  if (LOSSY.test(line)) return { kind: 'lossy' }
  const [, load] = LOAD.exec(line) ?? []
  if (load !== undefined) return { kind: 'waits', reason: load, lagSeconds: null }
  const [, lag, host] = LAG.exec(line) ?? []
  if (lag !== undefined) {
    const seconds = lag === '?' ? null : Number(lag)
    return { kind: 'waits', reason: `replica ${host} is ${lag} s behind`, lagSeconds: seconds }
  }
  const [, stopped] = STOPPED.exec(line) ?? []
  return stopped === undefined
    ? undefined
    : { kind: 'waits', reason: `replica ${stopped} is stopped`, lagSeconds: null }
}
