import type { Session, SignalLimits, SignalReading, SignalUnit } from '@phasegate/core'

/** A signal as the collector watches it: with its limits, by a question that may need the server's session. */
export interface WatchedSignal {
  readonly name: string
  readonly unit: SignalUnit
  readonly limits: SignalLimits
  /** True: read on the collector's session, one after the other; false: by itself. */
  readonly onSession: boolean
  /** `session` is undefined where `onSession` is false. */
  read(session: Session | undefined, signal: AbortSignal): Promise<SignalReading>
  close?(): Promise<void>
}
