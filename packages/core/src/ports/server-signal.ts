import type { CompiledBackfill } from '../compiled/compiled-migration.js'
import type { SignalLimits, SignalName } from '../pace/throttle-settings.js'
import type { UnitId } from '../unit.js'
import type { Session } from './session.js'

export type SignalReading =
  /** `of` says what it is about where there is more than one: the standby, the slot. */
  | { readonly state: 'value'; readonly value: number; readonly of?: string }
  /** It cannot be told, and will not be told later either: said once, and no reason to stop. */
  | { readonly state: 'unknown'; readonly reason: string }
  /** It cannot be told at this moment, as if nobody had asked: said for too long, the work stops with the reason. */
  | { readonly state: 'silent'; readonly reason: string }

/** One number that a server tells of itself. Kept for a whole run: it may remember what it saw. */
export interface ServerSignal {
  readonly name: SignalName
  /** What holds where nothing is configured; null: it is off then. */
  readonly limits: SignalLimits | null
  /** One short statement. Rejects where the server gives no answer: nothing is known then, as little as if nobody asked. */
  read(session: Session): Promise<SignalReading>
  /** Gives back what it opened. Never rejects. */
  close?(): Promise<void>
}

export interface SignalRequest {
  readonly unit: UnitId
  /** Whose table it is about. */
  readonly backfill: Pick<CompiledBackfill, 'table'>
  /** Names of the standbys whose lag counts; undefined: every one. */
  readonly standbys: readonly string[] | undefined
  /** URLs of replicas that are asked themselves; undefined: none. With credentials: never part of a reading or an error. */
  readonly replicas: readonly string[] | undefined
}
