import type { BackfillControl, UnitState } from '@phasegate/core'

/** What others want a worker to do before its next batch; undefined: go on. */
export type Wish =
  | { readonly action: 'cancel' }
  | { readonly action: 'pause'; readonly by: 'request' | 'hold'; readonly reason: string }

/**
 * Reads the wish from what the journal says. A unit paused by request stays so until `resume` makes it running again; one
 * paused by a hold of the whole target goes on when the hold is lifted.
 */
export function wishOf(control: BackfillControl): Wish | undefined {
  if (control.request?.action === 'cancel') return { action: 'cancel' }
  if (control.held !== null) {
    const why = control.held === '' ? '' : `: ${control.held}`
    return { action: 'pause', by: 'hold', reason: `all backfills are held${why}` }
  }
  const asked = control.request?.action === 'pause'
  if (asked || (control.state === 'paused' && control.pausedBy !== 'hold'))
    return { action: 'pause', by: 'request', reason: 'paused by request' }
  return undefined
}

/**
 * Did somebody else end the unit while we worked on it, or begin it anew with another version of the file? Undefined: it is
 * still ours to work on.
 */
export function endOf(control: BackfillControl, fingerprint: string): UnitState | 'edited' | undefined {
  if (control.fingerprint !== fingerprint) return 'edited'
  const { state } = control
  return state === null || state === 'running' || state === 'verifying' || state === 'paused' ? undefined : state
}
