import type { Backend, PhasegateError } from '@phasegate/core'

/** How a backfill unit ended, as far as this engine is concerned. `rows` is what it has changed in all, by anybody. */
export type BackfillOutcome =
  /** Verified and recorded. `quarantined`: rows that it could not change, where there are any. */
  | { readonly state: 'applied'; readonly rows: number; readonly quarantined?: number }
  /** By request or a hold of the target; the cursor is kept. */
  | { readonly state: 'paused'; readonly rows: number; readonly reason: string }
  /** The cursor is kept: running the backfill again goes on from it. */
  | { readonly state: 'cancelled'; readonly rows: number }
  /** Somebody else works on it, by another version of the file. */
  | { readonly state: 'busy'; readonly rows: number; readonly owner: string; readonly backend: Backend }
  /** Somebody else ended it while we worked: the journal says how. */
  | { readonly state: 'ended'; readonly rows: number }
  /** Recorded in the journal with its error; resumable. */
  | { readonly state: 'failed'; readonly rows: number; readonly error: PhasegateError }
