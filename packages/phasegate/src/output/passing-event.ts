import type { PhasegateEvent } from '@phasegate/core'

/** What comes again and again while something goes on, and is shown now and then. */
export type PassingEvent = Extract<PhasegateEvent, { type: 'batch.done' | 'backfill.compared' | 'engine.progress' }>

export function isPassing(event: PhasegateEvent): event is PassingEvent {
  return event.type === 'batch.done' || event.type === 'backfill.compared' || event.type === 'engine.progress'
}
