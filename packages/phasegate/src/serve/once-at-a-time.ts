/**
 * Asks a question for each name once at a time, and gives everybody who asks meanwhile, or within `freshMs` after it was
 * answered, that answer: however often a page is asked for, the database is asked no more often. Rejections are not kept.
 *
 * @param now ms, monotonic
 */
export function onceAtATime<T, N extends string = string>(
  ask: (name: N) => Promise<T>,
  freshMs: number,
  now: () => number,
): (name: N) => Promise<T> {
  const asked = new Map<N, { readonly answer: Promise<T>; until: number }>()
  return (name) => {
    for (const [other, { until }] of asked) if (until <= now()) asked.delete(other)
    const known = asked.get(name)
    if (known !== undefined) return known.answer
    const entry = { answer: ask(name), until: Number.POSITIVE_INFINITY }
    asked.set(name, entry)
    entry.answer.then(
      () => {
        entry.until = now() + freshMs
      },
      () => asked.delete(name),
    )
    return entry.answer
  }
}
