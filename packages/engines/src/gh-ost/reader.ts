import type { EngineProgress } from '@phasegate/core'
import type { OutputReader } from '../engine.js'
import { progressOf, STARTING } from './progress.js'
import { createRowRate } from './row-rate.js'
import { HELD, parseStatusLine, type StatusLine } from './status-line.js'

/** `2026-11-22 22:36:51 FATAL …`; a FATAL line may begin with the ERROR line that it repeats. */
const LOGGED = /^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ([A-Z]+) )+(.*)$/
/** Go's own last words, and its reader of arguments. */
const CRASHED = /^(panic: |fatal error: |flag provided but not defined|invalid value )/
/** The first thing that each process of gh-ost logs: what an earlier one wrote to the same files is history. */
const BEGINS = 'starting gh-ost '
/** Lines of an error that are worth showing, and characters of each. */
const MOST = 4
const LONGEST = 500
/** Different warnings of a line: it names every row of a batch that has one. */
const WARNINGS = 2

/**
 * Reads gh-ost with `--verbose`: status lines on stdout, its log on stderr.
 *
 * @param rows of the table, by the server's statistics
 */
export function createReader(rows: number | null): OutputReader {
  const rate = createRowRate()
  let last: StatusLine | undefined
  let released = false
  let errors: string[] = []

  const failed = (line: string): void => {
    // It says the same again when it gives up.
    const text = [...new Set(line.replace(/^migration aborted: /, '').split('; '))]
      .slice(0, WARNINGS)
      .join('; ')
      .slice(0, LONGEST)
    errors = [...errors.filter((one) => one !== text), text].slice(-MOST)
  }
  return {
    take: (line, stream) => {
      const [, level, text = ''] = LOGGED.exec(line) ?? []
      if (stream === 'stderr' && level === 'INFO' && text.startsWith(BEGINS)) errors = []
      if (level === 'ERROR' || level === 'FATAL') failed(text)
      else if (CRASHED.test(line)) failed(line)
      const status = stream === 'stdout' ? parseStatusLine(line) : undefined
      if (status === undefined) return
      const wasHeld = last?.state === HELD && last.seconds <= status.seconds
      released = status.state !== HELD && (wasHeld || (released && last!.seconds <= status.seconds))
      last = status
    },
    progress: (): EngineProgress => (last === undefined ? STARTING : progressOf(last, { rows, rate, released })),
    failure: () => errors,
  }
}
