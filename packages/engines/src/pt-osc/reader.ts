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
}

/**
 * Reads what pt-online-schema-change writes: phases on stdout, progress and complaints on stderr.
 *
 * @param rows of the table by the server's statistics, where it began with an estimate of 0
 */
export function createReader(rows: number | null): OscReader {
  let estimate: number | null = null
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
      if (read.kind === 'begins') estimate = read.rows > 0 ? read.rows : rows
      if (read.kind === 'copying') last = read
    },
    progress: () => progressOf({ estimate, last, wait, seen }),
    failure: () => failure,
    complete: () => seen.has('triggers created') && seen.has('copied') && seen.has('ended well'),
    lossy: () => seen.has('lossy'),
  }
}

interface Seen {
  readonly estimate: number | null
  readonly last: Extract<OscLine, { kind: 'copying' }> | undefined
  readonly wait: Extract<OscLine, { kind: 'waits' | 'paused' }> | undefined
  readonly seen: ReadonlySet<OscLine['kind']>
}

/** It prints nothing more where it has copied as many rows as it expected, so that 100 is said only when it says that it is done. */
function progressOf({ estimate, last, wait, seen }: Seen): EngineProgress {
  const copied = seen.has('copied')
  const total = estimate !== null && estimate > 0 ? estimate : null
  const known = last !== undefined && last.percent < 100 && total !== null ? last : undefined
  const done = known === undefined || total === null ? null : Math.round((total * known.percent) / 100)
  const left = done === null || total === null ? null : total - done
  const eta = copied ? 0 : (known?.remainSeconds ?? null)
  return {
    engine: 'pt-osc',
    state: seen.has('swapping') ? 'cutting over' : copied ? 'catching up' : seen.has('begins') ? 'copying' : 'starting',
    done: copied ? total : done,
    total: copied || known !== undefined ? total : null,
    percent: copied ? 100 : (known?.percent ?? null),
    rowsPerSecond: !copied && left !== null && eta !== null && eta > 0 ? left / eta : null,
    etaSeconds: eta,
    lagSeconds: wait?.kind === 'waits' ? wait.lagSeconds : null,
    paused: wait?.kind === 'paused',
    throttleReason: wait === undefined ? null : wait.kind === 'waits' ? wait.reason : 'pause file',
  }
}
