/** Seconds that a rate looks back: gh-ost's own, of one second, jumps. */
const WINDOW = 10

/** Rows per second of late, from what is copied at which second of the tool's life. */
export interface RowRate {
  /** Null where it is not known yet. */
  take(copied: number, seconds: number): number | null
}

export function createRowRate(): RowRate {
  let samples: { readonly copied: number; readonly seconds: number }[] = []
  return {
    take: (copied, seconds) => {
      const last = samples.at(-1)
      // Another process, which starts over.
      if (last !== undefined && (copied < last.copied || seconds < last.seconds)) samples = []
      if (last === undefined || seconds > last.seconds || samples.length === 0) samples.push({ copied, seconds })
      while (samples.length > 2 && seconds - samples[1]!.seconds >= WINDOW) samples.shift()
      const first = samples[0]!
      return seconds > first.seconds ? (copied - first.copied) / (seconds - first.seconds) : null
    },
  }
}
