/** What gh-ost prints once a second, as it stands: its estimate may be 0 or too low, its percent then says nothing. */
export interface StatusLine {
  readonly copied: number
  readonly estimate: number
  readonly applied: number
  /** Changes of others that wait to be applied. */
  readonly backlog: number
  /** Seconds since it was started. */
  readonly seconds: number
  /** Seconds that it, or the server that it looks at, is behind; null before the first heartbeat. */
  readonly lag: number | null
  /** `migrating`, `counting rows`, `postponing cut-over`, `throttled, flag-file` */
  readonly state: string
}

/** The state while its cut-over is held. */
export const HELD = 'postponing cut-over'

// go/logic/migrator.go, `printStatus`.
const LINE =
  /^Copy: (\d+)\/(\d+) [\d.]+%; Applied: (\d+); Backlog: (\d+)\/\d+; Time: (\S+)\(total\), \S+\(copy\); streamer: .*?; Lag: (-?[\d.]+)s, HeartbeatLag: (-?[\d.]+)s, State: (.*); ETA: .+$/

/** Before the first heartbeat gh-ost prints the time since the year 1 (its #1682). */
const NO_HEARTBEAT = 1e9

/** Undefined: it is none. */
export function parseStatusLine(line: string): StatusLine | undefined {
  const [, copied, estimate, applied, backlog, total, lag, heartbeat, state] = LINE.exec(line) ?? []
  if (state === undefined) return undefined
  const lags = [Number(lag), Number(heartbeat)].filter((seconds) => seconds < NO_HEARTBEAT)
  return {
    copied: Number(copied),
    estimate: Number(estimate),
    applied: Number(applied),
    backlog: Number(backlog),
    seconds: goDuration(total ?? ''),
    lag: lags.length === 0 ? null : Math.max(0, ...lags),
    state,
  }
}

/** Seconds of `2h6m30s`, as Go writes durations; 0: it is none. */
function goDuration(text: string): number {
  const [, hours = 0, minutes = 0, seconds = 0] = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text) ?? []
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
}
