import { type Bar, describeBar } from './pairs.js'

/** A line of the report: a figure, what was aimed at, and what came of it. */
export interface Row {
  readonly figure: string
  readonly value: string
  readonly aim: string
  /** What is reported as a miss; empty where nothing is. */
  readonly miss: string
  readonly verdict: Verdict
}

export type Verdict = 'shown' | 'aim met' | 'short of the aim' | 'within the spread' | 'MISS'

/** What a figure should be, and beyond what it is reported as a miss. */
export interface Bounds {
  readonly better: 'more' | 'less'
  readonly aim: number
  readonly miss: number
}

/** Ratios that two equal things give on this machine. */
export type Spread = Bar['idle']

/** A miss inside the spread of the other side against itself says nothing more than that the two are alike. */
function judge(value: number, { better, aim, miss }: Bounds, spread?: Spread): Verdict {
  const sign = better === 'more' ? 1 : -1
  if (value * sign >= aim * sign) return 'aim met'
  if (value * sign >= miss * sign) return 'short of the aim'
  return spread !== undefined && value >= spread.min && value <= spread.max ? 'within the spread' : 'MISS'
}

export function judgedRow(figure: string, value: number, text: string, bounds: Bounds, spread?: Spread): Row {
  return {
    figure,
    value: text,
    aim: String(bounds.aim),
    miss: `${bounds.better === 'more' ? 'below' : 'above'} ${Number(bounds.miss.toFixed(2))}`,
    verdict: judge(value, bounds, spread),
  }
}

export function barRow(figure: string, bar: Bar, bounds: Bounds): Row {
  return judgedRow(figure, bar.median, describeBar(bar), bounds, bar.idle)
}

export function shownRow(figure: string, value: string): Row {
  return { figure, value, aim: '', miss: '', verdict: 'shown' }
}
