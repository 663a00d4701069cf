/**
 * Pauses between polls. A thousand processes that started together would ask together, and again after every interval: so
 * the first pause of an interval, at the start and when another interval begins, is anywhere in it, and each later one varies
 * by a quarter each way.
 *
 * @param random from 0 to 1
 * @returns the next pause for an interval, both in ms
 */
export function createPause(random: () => number): (interval: number) => number {
  let spread: number | undefined
  return (interval) => {
    const first = interval !== spread
    spread = interval
    return interval * (first ? 0.1 + random() * 0.9 : 0.75 + random() / 2)
  }
}
