import { type Emit, subjectOfEvent } from '@phasegate/core'
import { describeEvent } from './describe-event.js'
import type { Output } from './output.js'
import { isPassing } from './passing-event.js'
import { progressLine } from './progress-line.js'

export interface Progress {
  /** Give this to the runner. */
  readonly emit: Emit
  /** Ends the live lines, so that what is printed next starts on its own. */
  end(): void
}

/** ms between two lines of one backfill where there is no terminal, and between two drawings where there is. */
const LINE_EVERY = 5000
const DRAW_EVERY = 100

/**
 * Shows events on stderr: a live line for each backfill on a terminal, else a line every few seconds; one JSON line an
 * event with `--json`; nothing with `--quiet`.
 *
 * @param now ms, for the pace of lines
 */
export function createProgress(output: Output, now: () => number = performance.now.bind(performance)): Progress {
  if (output.quiet) return { emit: () => {}, end: () => {} }
  if (output.format === 'json') return { emit: (event) => output.complain(JSON.stringify(event)), end: () => {} }
  const live = createLiveLines(output)
  const shownAt = new Map<string, number>()
  const emit: Emit = (event) => {
    if (isPassing(event)) {
      const name = subjectOfEvent(event) ?? event.type
      const pause = output.err.isTTY ? DRAW_EVERY : LINE_EVERY
      if (now() - (shownAt.get(name) ?? Number.NEGATIVE_INFINITY) < pause) return
      shownAt.set(name, now())
      if (output.err.isTTY) return live.draw(name, progressLine(name, event.progress, output.err.columns - 1))
    }
    const text = describeEvent(event, output.verbose)
    if (text === undefined) return
    live.clear()
    output.say(text)
    // Drawn again below what was said, as soon as there is something new.
    const subject = subjectOfEvent(event)
    if (subject !== undefined && !isPassing(event)) shownAt.delete(subject)
  }
  return { emit, end: live.clear }
}

interface LiveLines {
  /** Draws this line where the one of that name was, or below all others. */
  draw(name: string, line: string): void
  /** Takes all of them away; the cursor is where the first one was. */
  clear(): void
}

function createLiveLines(output: Output): LiveLines {
  const lines = new Map<string, string>()
  const clear = (): void => {
    if (lines.size > 0) output.draw(`${toTheFirst(lines.size)}\u001b[J`)
    lines.clear()
  }
  const draw = (name: string, line: string): void => {
    const before = lines.size
    lines.set(name, line)
    const drawn = [...lines.values()].map((one) => `\u001b[2K${one}`).join('\r\n')
    output.draw(`${before === 0 ? '\r' : toTheFirst(before)}${drawn}`)
  }
  return { draw, clear }
}

/** From the end of the last of so many lines. */
const toTheFirst = (lines: number): string => `\r${lines > 1 ? `\u001b[${lines - 1}A` : ''}`
