// Loaded before anything else (`node --import=…/shift-clock.mjs?ms=…`): the wall clock of this process is off by so many ms.
// What runs by the monotonic clock, timers among it, is not, as on a machine whose clock was set wrong.
const shift = Number(new URL(import.meta.url).searchParams.get('ms'))
const Right = Date

class Shifted extends Right {
  constructor(/** @type {any[]} */ ...given) {
    if (given.length === 0) super(Right.now() + shift)
    else super(.../** @type {[number]} */ (given))
  }

  /** @override */
  static now() {
    return Right.now() + shift
  }
}

globalThis.Date = /** @type {DateConstructor} */ (Shifted)
