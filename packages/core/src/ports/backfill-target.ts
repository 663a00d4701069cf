import type { CompiledBackfill } from '../compiled/compiled-migration.js'
import type { RecordedProgress } from '../journal/unit-progress.js'
import type { UnitId, UnitState } from '../unit.js'
import type { BackfillKey, BackfillTable } from './backfill-key.js'
import type { BackfillTotals, BatchResult, LeaseAnswer, LeasedRange, RangeTaker } from './leased-range.js'
import type { MapColumns, RowChange, RowRead, RowsAsked } from './mapped-rows.js'
import type { ServerSignal, SignalRequest } from './server-signal.js'
import type { Backend, Session, TransactionOptions } from './session.js'

/** Why the database refuses a row, in its own words. */
export interface RowError {
  /** SQLSTATE; null where there is none. */
  readonly code: string | null
  readonly message: string
}

/** A row that could not be changed and was gone past. */
export interface QuarantinedRow {
  readonly key: string
  readonly error: RowError
}

export interface RetriedRow {
  readonly key: string
  readonly after: string | null
}

/** `full`: as many rows as may be are recorded already. `fenced`: the range is not what it was. Both change nothing. */
export type Quarantining = 'recorded' | 'full' | 'fenced'

/** What others want of a backfill, and where it stands; read once a batch, by one cheap query. */
export interface BackfillControl {
  /** Null: never started. */
  readonly state: UnitState | null
  readonly fingerprint: string | null
  readonly request: { readonly action: 'pause' | 'cancel'; readonly now: boolean } | null
  /** Why all backfills of the target are held; null where they are not. */
  readonly held: string | null
  /** Who paused a unit whose state is `paused`: a hold ends by itself when it is lifted. */
  readonly pausedBy: 'request' | 'hold' | null
  /** Keys passed so far, as last recorded with the progress. */
  readonly walked: number
  /** The key that the ranges are of, as `keyName` writes it; null: none was recorded. */
  readonly key: string | null
  /** Rows that all workers together may change a second, as asked for while it runs; null: nobody asked. */
  readonly maxRowsPerSecond: number | null
  /** Ranges with a live lease: as many share that limit. */
  readonly leases: number
  /** Rows changed by all workers in all passes. */
  readonly rowsDone: number
}

/** A session that holds a lease or verifies. */
export interface BackfillWorker {
  readonly owner: string
  readonly backend: Backend
  readonly alive: boolean
}

/** One chunk as it compares with its expressions. */
export interface ComparedChunk {
  /** Rows in the chunk. */
  readonly rows: number
  /** Keys of those that differ, as text, in key order, at most `limit`. */
  readonly keys: readonly string[]
}

/**
 * What counts against a row that `where` selects. `differs`: a value is not what its expression gives; right when the
 * backfill ends. `missing`: a value is NULL and its expression is not; right for contract, when builds that write only the
 * new shape may make the two differ.
 */
export type Compared = 'differs' | 'missing'

export type Reclaimed =
  /** `busy`: somebody else is at it. `gave way`: it was ended for whoever waited for it. */
  | { readonly state: 'done' | 'busy' | 'gave way' }
  /** It will not be permitted later either. */
  | { readonly state: 'not permitted'; readonly reason: string }

/** Makes the room of rows that were replaced usable again, beside traffic, one at a time a table. */
export interface TableReclaimer {
  /** Gives way to whoever waits for it, and to `signal`. */
  run(signal: AbortSignal): Promise<Reclaimed>
  /** Gives its sessions back; never rejects. */
  close(): Promise<void>
}

/** How a dialect reads and changes a table in batches. The engine above it knows no SQL. */
export interface BackfillTarget {
  /** Settings of a session that batches run on: timeouts, and whatever makes plans and key texts dependable. */
  prepare(session: Session, timeouts: TransactionOptions): Promise<void>
  /** Throws `BACKFILL.NO_TABLE`, `BACKFILL.NO_KEY`, `BACKFILL.NO_COLUMN`, `BACKFILL.EXPRESSION`, before anything ran. */
  inspect(session: Session, backfill: CompiledBackfill): Promise<BackfillTable>
  /** The greatest key now, as text; null for an empty table. */
  upperBound(session: Session, backfill: CompiledBackfill, key: BackfillKey): Promise<string | null>
  /** The key `size` rows after `after`, at most `upper`. */
  batchEnd(
    session: Session,
    backfill: CompiledBackfill,
    key: BackfillKey,
    after: string | null,
    upper: string,
    size: number,
  ): Promise<string>

  /** Adds the range that a pass begins as; under the lane lock. Does nothing where the pass has one already. */
  addRange(session: Session, unit: UnitId, pass: number, upper: string): Promise<void>
  /**
   * Takes a range that is free, whose holder is gone, or that names this session (which holds none when it asks); before
   * that it ends the session of a holder whose lease expired.
   */
  lease(session: Session, unit: UnitId, owner: string, leaseMs: number): Promise<LeaseAnswer>
  /**
   * Cuts a range that somebody works on in two, in one transaction: the holder keeps the keys up to `at`, the rest is a new
   * range, leased to this session. Waits up to `lockTimeout` ms for the batch in flight. Undefined: the range is not what
   * it was (`seen`), or the holder has come too near to `at`; nothing was changed.
   */
  split(
    session: Session,
    backfill: CompiledBackfill,
    key: BackfillKey,
    seen: LeasedRange,
    at: string,
    taker: RangeTaker,
  ): Promise<LeasedRange | undefined>
  /** Prolongs the lease while nothing moves; false: it is not ours any more. */
  renew(session: Session, range: LeasedRange, leaseMs: number): Promise<boolean>
  release(session: Session, range: LeasedRange): Promise<void>
  /**
   * Fence, cursor and data in one statement (PostgreSQL) or one transaction (MySQL). `keys` is how many keys it passes;
   * null where that is not known (the last batch of a range): then the rows that it changed count.
   */
  runBatch(
    session: Session,
    backfill: CompiledBackfill,
    key: BackfillKey,
    range: LeasedRange,
    end: string,
    leaseMs: number,
    keys: number | null,
    /** Of a backfill that maps: each row of the batch that was read. */
    changes?: readonly RowChange[],
  ): Promise<BatchResult>
  /**
   * Records the row at `row.key`, which is all that the range holds up to there, and moves the cursor past it, in one
   * transaction behind the same fence as a batch. At most `limit` rows of a unit are recorded, whoever works on it.
   */
  quarantine(
    session: Session,
    range: LeasedRange,
    row: QuarantinedRow,
    limit: number,
    leaseMs: number,
  ): Promise<Quarantining>
  /** Rows of the unit in quarantine, those recorded first in front. */
  quarantined(session: Session, unit: UnitId): Promise<readonly QuarantinedRow[]>
  /** Forgets these rows: they are right, or not there any more. */
  clearQuarantine(session: Session, unit: UnitId, keys: readonly string[]): Promise<void>
  /**
   * Takes these rows out of quarantine and adds for each a range of `pass` that holds it alone, `after` being the key before
   * it, in one transaction; under the lane lock.
   */
  retryQuarantined(session: Session, unit: UnitId, pass: number, rows: readonly RetriedRow[]): Promise<void>
  /** The greatest key before this one, as text; null where it is the first. */
  keyBefore(session: Session, backfill: CompiledBackfill, key: BackfillKey, of: string): Promise<string | null>
  /** After a lost answer: waits for the old transaction by locking the row, then reads. */
  readRange(session: Session, unit: UnitId, ordinal: number): Promise<LeasedRange | undefined>
  ranges(session: Session, unit: UnitId): Promise<readonly (LeasedRange & { readonly whole: boolean })[]>
  totals(session: Session, unit: UnitId): Promise<BackfillTotals>
  /** Forgets the ranges and the quarantine of a unit, for one that starts anew. */
  forgetRanges(session: Session, unit: UnitId): Promise<void>
  control(session: Session, unit: UnitId): Promise<BackfillControl>
  workers(session: Session, unit: UnitId): Promise<readonly BackfillWorker[]>
  /**
   * Writes the unit's progress: what `add` makes of the one that is recorded, whichever process wrote it. One at a time,
   * so that nothing that another process has counted is lost. Gives what it wrote.
   */
  recordProgress(
    session: Session,
    unit: UnitId,
    add: (recorded: RecordedProgress | null) => RecordedProgress,
  ): Promise<RecordedProgress>
  /** Bounds the rows that all workers of a unit may change a second; null takes the bound away. */
  setPace(session: Session, unit: UnitId, pace: { readonly maxRowsPerSecond: number | null }): Promise<void>
  /** What this server can tell of how busy it is. */
  signals(request: SignalRequest): readonly ServerSignal[]
  /** Absent where the server makes the room of replaced rows usable again by itself. Opens its sessions when it first runs. */
  reclaimer?(openSession: () => Promise<Session>, backfill: CompiledBackfill): TableReclaimer

  mapColumns(session: Session, backfill: CompiledBackfill): Promise<MapColumns>
  /** Reads rows for `map`, in key order. */
  readRows(
    session: Session,
    backfill: CompiledBackfill,
    key: BackfillKey,
    asked: RowsAsked,
  ): Promise<readonly RowRead[]>
  /** Keys of the rows that hold something else than these values. */
  differing(
    session: Session,
    backfill: CompiledBackfill,
    key: BackfillKey,
    changes: readonly RowChange[],
    compared: Compared,
  ): Promise<readonly string[]>

  /** Compares the rows in (after, end] that `where` selects with their expressions; those with a key in `except` count as right. */
  mismatches(
    session: Session,
    backfill: CompiledBackfill,
    key: BackfillKey,
    after: string | null,
    end: string,
    limit: number,
    compared: Compared,
    except?: readonly string[],
  ): Promise<ComparedChunk>
  /** Of these keys, those that still differ. */
  recheck(
    session: Session,
    backfill: CompiledBackfill,
    key: BackfillKey,
    keys: readonly string[],
    compared: Compared,
  ): Promise<readonly string[]>
}
