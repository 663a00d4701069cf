/**
 * As `make`, which is pure, but not again for the same arguments as the last time. It is remembered for as long as the first
 * of them is there: what comes of ten thousand migrations is made when the journal has changed, not at every question.
 */
export function once<K extends object, A extends readonly unknown[], R>(
  make: (key: K, ...more: A) => R,
): (key: K, ...more: A) => R {
  const last = new WeakMap<K, { readonly more: A; readonly made: R }>()
  return (key, ...more) => {
    const known = last.get(key)
    if (known?.more.every((one, index) => one === more[index])) return known.made
    const made = make(key, ...more)
    last.set(key, { more, made })
    return made
  }
}
