/** A bar of a bench: the ratio of ours to the other, as the median of interleaved pairs. */
export interface Bar {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly pairs: number
  /** Ratios of the other to itself in the same run: what a ratio of two equal things looks like on this machine. */
  readonly idle: { readonly min: number; readonly max: number }
}

/**
 * Measures ours and the other in turn, ours first and then the other first, and the other against itself beside them.
 *
 * @param ours gives a figure of which more is better (rows/s, requests/s)
 * @param say tells of each pair when it is there, for pairs that take minutes
 */
export async function measurePairs(
  pairs: number,
  ours: () => Promise<number>,
  other: () => Promise<number>,
  say: (text: string) => void = () => {},
): Promise<Bar> {
  const ratios: number[] = []
  const idle: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    const first = pair % 2 === 0 ? await ours() : await other()
    const second = pair % 2 === 0 ? await other() : await ours()
    ratios.push(pair % 2 === 0 ? first / second : second / first)
    const [a, b] = [await other(), await other()]
    idle.push(a / b)
    say(`pair ${pair + 1} of ${pairs}: ${figure(ratios.at(-1)!)}; the other against itself ${figure(a / b)}`)
  }
  return {
    median: median(ratios),
    min: Math.min(...ratios),
    max: Math.max(...ratios),
    pairs,
    idle: { min: Math.min(...idle), max: Math.max(...idle) },
  }
}

/** The upper one of the two in the middle where their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** `0.93 (0.88 to 1.02, 7 pairs; the other against itself 0.95 to 1.07)` */
export function describeBar({ median, min, max, pairs, idle }: Bar): string {
  return `${figure(median)} (${figure(min)} to ${figure(max)}, ${pairs} pairs; the other against itself ${figure(idle.min)} to ${figure(idle.max)})`
}

/** `0.93` */
export function figure(value: number): string {
  return value.toFixed(2)
}
