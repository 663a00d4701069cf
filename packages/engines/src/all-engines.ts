import type { Engine } from './engine.js'

/** Every engine there is; which of them a database can use is its dialect's to say. */
export const ALL_ENGINES: readonly Engine[] = []
