/** `1,000,000` */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}

/** `850 bytes`, `3.2 MiB`, `45 GiB` */
export function formatBytes(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10))
  const amount = bytes / 1024 ** power
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** `850 ms`, `3.2 s`, `45 s`, `12 min`, `5 h`, `3 days` */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 120) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : seconds} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`
}

/** `34 %`, and `0.4 %` where a whole number says too little. Rounded down: it is never said to be further than it is. */
export function formatPercent(percent: number): string {
  return `${percent < 10 ? Math.floor(percent * 10) / 10 : Math.floor(percent)} %`
}
