import type { Engine } from './engine.js'
import { createGhost } from './gh-ost/gh-ost.js'
import { createPgRepack } from './pg-repack/pg-repack.js'
import { ptOsc } from './pt-osc/pt-osc.js'

/** Every engine there is; which of them a database can use is its dialect's to say. */
export const ALL_ENGINES: readonly Engine[] = [createGhost(), ptOsc, createPgRepack()]
