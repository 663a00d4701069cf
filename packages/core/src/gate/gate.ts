import type { Clients } from '../application.js'
import type { CompiledMigration, CompiledUnit } from '../compiled/compiled-migration.js'
import type { ClientSessionsSeen, InstanceRecord } from '../journal/instance-record.js'
import type { JournalSnapshot } from '../journal/journal-snapshot.js'
import type { StatementUseReading, UsedObject } from '../ports/statement-use.js'
import type { WritersReading } from '../ports/writers-reading.js'

/** `unknown` holds, like `closed`; it says that the evidence could not be had. */
export type GateState = 'open' | 'closed' | 'unknown'

/** What one gate answered: the evidence, kept in the journal. */
export interface GateCheck {
  readonly name: string
  readonly state: GateState
  /** For a person, complete with what is missing and how to get it. */
  readonly reason: string
  readonly observed?: string
  readonly required?: string
  /** ISO time by the database's clock. */
  readonly observedAt: string
  /** Until when the answer counts. */
  readonly expiresAt?: string
  /** The parts of a combined gate. */
  readonly checks?: readonly GateCheck[]
  /** What the gate wants to find again when it is asked next: the baseline of a window. Read it with `recall`. */
  readonly kept?: Readonly<Record<string, unknown>>
}

export interface GateContext {
  readonly unit: CompiledUnit
  readonly migration: CompiledMigration
  readonly action: 'apply' | 'revert'
  /** One read of the journal; its `now` is the database's clock. */
  readonly snapshot: JournalSnapshot
  /** Looks for rows that lack a value which the migration's backfill should have left, now. Reads only. */
  readonly verifyBackfill: () => Promise<{ readonly mismatches: number; readonly sampleKeys: readonly string[] }>
  /** What the server's statement statistics say of a table or column, now. Reads only, on a session of its own. */
  readonly statementUse: (object: UsedObject) => Promise<StatementUseReading>
  /** Every client of the database; undefined where the configuration names none, so that nobody knows them all. */
  readonly clients?: Clients | undefined
  /** Instances whose heartbeat counts now. Reads only. */
  readonly liveInstances: () => Promise<readonly InstanceRecord[]>
  /** Who is connected to the target database now. Reads only. */
  readonly clientSessions: () => Promise<ClientSessionsSeen>
  /** What the triggers of `countWriters` have counted of a column. Reads only, on a session of its own. */
  readonly writersOf: (object: UsedObject) => Promise<WritersReading>
  readonly signal?: AbortSignal
}

/**
 * One question that is asked before a unit may start. Yours are no different from ours: an object with a name, a cost
 * and `check`.
 *
 * @example
 * const officeHours: Gate = {
 *   name: 'officeHours',
 *   cost: 0,
 *   check: async ({ snapshot }) => {
 *     const hour = new Date(snapshot.now).getUTCHours()
 *     const open = hour >= 9 && hour < 16
 *     return { name: 'officeHours', state: open ? 'open' : 'closed', reason: `it is ${hour} h UTC`, observedAt: snapshot.now }
 *   },
 * }
 */
export interface Gate {
  /** Unique among the gates of a unit: an override names it. */
  readonly name: string
  /** Gates are asked cheapest first: 0 reads memory, 1 asks a service, 2 reads tables. */
  readonly cost: 0 | 1 | 2
  /**
   * ms after which it holds as `unknown` where it has not answered, and `context.signal` is aborted. Default 30000, for
   * what reads tables (cost 2) an hour.
   */
  readonly timeout?: number
  /** What it throws, and an answer that is none, make it `unknown`. */
  check(context: GateContext): Promise<GateCheck>
}
