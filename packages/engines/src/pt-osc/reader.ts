import type { EngineProgress } from '@phasegate/core'
import type { OutputReader } from '../engine.js'
import { type OscLine, parseLine } from './progress-line.js'

/** Lines of an error that are worth showing, and characters of each. */
const MOST = 6
const LONGEST = 500

/** What it says on stdout when all goes well, and what it leaves behind; else it complains there too, version by version. */
const USUAL =
  /^(?:No |Not |Ignoring |Operation, | {2}|Altering |Altered |Creating |Created |Child tables|Will |DROP |`)|(?:\.\.\.| OK\.)$/
/** Perl says the same once more while it puts things away. */
const IN_CLEANUP = /^\s*\(in cleanup\) /

/** What its output proves, for who judges its end. */
export interface OscReader extends OutputReader {
  /** Every row was copied, triggers feed the copy, and it came to its end. */
  complete(): boolean
  /** The copy changed values, as the server warned. */
  lossy(): boolean
  /** The rows that it expected where it went on with a run that was killed; undefined: it did not. */
  expectedOnResume(): number | undefined
  /** Rows copied, those of killed runs that this one went on from included; null: unknown. */
  copied(): number | null
}

/**
 * Reads what pt-online-schema-change writes: phases on stdout, progress and complaints on stderr.
 *
 * @param rows of the table by the server's statistics, where it began with an estimate of 0
 */
export function createReader(rows: number | null): OscReader {
  let expected = 0
  let estimate: number | null = null
  let before: number | null = 0
  let last: Extract<OscLine, { kind: 'copying' }> | undefined
  let wait: Extract<OscLine, { kind: 'waits' | 'paused' }> | undefined
  const seen = new Set<OscLine['kind']>()
  let failure: string[] = []

  return {
    take: (line, stream) => {
      const read = parseLine(line)
      if (read === undefined || read.kind === 'lossy') {
        const text = line.replace(IN_CLEANUP, '').trim().slice(0, LONGEST)
        const complains = text !== '' && (stream === 'stderr' || !USUAL.test(line))
        if (complains) failure = [...failure.filter((one) => one !== text), text].slice(-MOST)
      }
      if (read === undefined) return
      seen.add(read.kind)
      wait = read.kind === 'waits' || read.kind === 'paused' ? read : undefined
      if (read.kind === 'begins') expected = read.rows
      if (read.kind === 'begins') estimate = read.rows > 0 ? read.rows : rows === 0 ? null : rows
      if (read.kind === 'copying') last = read
      if (read.kind === 'resumed') {
        before = read.before
        last = undefined
        failure = []
      }
    },
    progress: () => progressOf({ estimate, before, last, wait, seen }),
    failure: () => failure,
    complete: () => seen.has('triggers created') && seen.has('copied') && seen.has('ended well'),
    lossy: () => seen.has('lossy'),
    expectedOnResume: () => (seen.has('resumed') ? expected : undefined),
    copied: () => copiedOf({ estimate, before, last }),
  }
}

interface Seen {
  readonly estimate: number | null
  /** Rows that were copied before it was resumed: it counts its own alone, in percent of the whole table. */
  readonly before: number | null
  readonly last: Extract<OscLine, { kind: 'copying' }> | undefined
  readonly wait: Extract<OscLine, { kind: 'waits' | 'paused' }> | undefined
  readonly seen: ReadonlySet<OscLine['kind']>
}

/** Of its own run alone; null: unknown, as where it has copied as many rows as it expected, after which it prints nothing more. */
function ownOf({ estimate, last }: Pick<Seen, 'estimate' | 'last'>): number | null {
  if (last === undefined) return 0
  return estimate === null || last.percent >= 100 ? null : Math.round((estimate * last.percent) / 100)
}

function copiedOf(seen: Pick<Seen, 'estimate' | 'before' | 'last'>): number | null {
  const own = ownOf(seen)
  return own === null || seen.before === null ? null : seen.before + own
}

interface Known {
  readonly total: number
  readonly done: number
  readonly percent: number
  readonly etaSeconds: number | null
}

/** Undefined where it is not known how far it is: 100 is said only when it says that it is done. */
function knownOf(seen: Seen): Known | undefined {
  const { estimate: total, before, last } = seen
  const [own, done] = [ownOf(seen), copiedOf(seen)]
  if (total === null || own === null || done === null) return undefined
  if (last === undefined && before === 0) return undefined
  const percent = before === 0 && last !== undefined ? last.percent : Math.floor((100 * done) / total)
  if (percent >= 100) return undefined
  // It expects to copy the whole table; what runs before it have copied it will not.
  const share = before === 0 ? 1 : (total - done) / (total - own)
  const etaSeconds = last === undefined ? null : last.remainSeconds * share
  return { total, done, percent, etaSeconds }
}

function progressOf(seenNow: Seen): EngineProgress {
  const { estimate, wait, seen } = seenNow
  const copied = seen.has('copied')
  const known = knownOf(seenNow)
  const eta = copied ? 0 : (known?.etaSeconds ?? null)
  return {
    engine: 'pt-osc',
    state: seen.has('swapping') ? 'cutting over' : copied ? 'catching up' : seen.has('begins') ? 'copying' : 'starting',
    done: copied ? estimate : (known?.done ?? null),
    total: copied ? estimate : (known?.total ?? null),
    percent: copied ? 100 : (known?.percent ?? null),
    rowsPerSecond: known !== undefined && eta !== null && eta > 0 ? (known.total - known.done) / eta : null,
    etaSeconds: eta,
    lagSeconds: wait?.kind === 'waits' ? wait.lagSeconds : null,
    paused: wait?.kind === 'paused',
    throttleReason: wait === undefined ? null : wait.kind === 'waits' ? wait.reason : 'pause file',
  }
}
