import type { BenchDatabase } from './bench-database.js'
import type { Row } from './row.js'

/** How much is measured. */
export interface Sizes {
  /** Rows of the table that most benches work on. */
  readonly rows: number
  /** Rows of the table on which the cost at the end is compared with the cost at the start. */
  readonly large: number
  /** Interleaved pairs a bar is made of. */
  readonly pairs: number
}

/** What a bench gets to work with. */
export interface BenchContext {
  readonly database: BenchDatabase
  readonly sizes: Sizes
  /** Tells what is going on; runs may take minutes. */
  readonly say: (text: string) => void
}

/** Measures one thing on one server, and gives the rows of the report that tell of it. */
export type Bench = (context: BenchContext) => Promise<readonly Row[]>
