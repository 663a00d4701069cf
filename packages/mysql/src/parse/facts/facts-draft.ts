import {
  type Change,
  displayName,
  type LockFacts,
  type MadeObjects,
  type QualifiedName,
  type StatementFacts,
} from '@phasegate/core'
import type { Capabilities } from '../../server/capabilities.js'
import type { Work } from '../clause-work.js'
import type { OnlineOptions } from '../statement-tree.js'

/**
 * Locks on a table, weakest first: SHARED_READ and SHARED_WRITE are metadata locks of queries (MySQL Reference Manual, "The
 * metadata_locks Table"); NONE, SHARED and EXCLUSIVE are the LOCK of an ALTER TABLE.
 */
const MODES = ['none', 'SHARED_READ', 'SHARED_WRITE', 'NONE', 'SHARED', 'EXCLUSIVE'] as const

export type LockMode = (typeof MODES)[number]

export type Duration = LockFacts['duration']

const DURATIONS: readonly Duration[] = ['instant', 'scan', 'build', 'rewrite']

interface TableLock {
  readonly mode: LockMode
  readonly table: string
  readonly duration: Duration
  readonly onNew: boolean
  readonly blocks: LockFacts['blocks']
}

type ChangeInput = Pick<Change, 'action' | 'object' | 'what'> & Partial<Omit<Change, 'action' | 'object' | 'what'>>

/** Collects what one statement changes and locks, clause by clause, and sums it up. */
export class FactsDraft {
  readonly made: MadeObjects
  readonly can: Capabilities
  readonly #changes: Change[] = []
  readonly #locks: TableLock[] = []
  #transactional = false
  #instead: string | undefined

  constructor(made: MadeObjects, can: Capabilities) {
    this.made = made
    this.can = can
  }

  change(input: ChangeInput): void {
    this.#changes.push({ destroys: false, tightens: false, onNew: false, ...input })
  }

  /** @param blocks given where rows, not the table, keep others waiting */
  lock(mode: LockMode, table: QualifiedName, duration: Duration = 'instant', blocks = blockedBy(mode)): void {
    this.#locks.push({ mode, table: displayName(table), duration, onNew: this.made.hasTable(table), blocks })
  }

  /**
   * An ALTER TABLE. Whatever its algorithm, it begins and ends with an instant in which it has the table for itself (MySQL
   * Reference Manual, "Online DDL Performance and Concurrency").
   */
  work({ blocksWrites, duration }: Work, table: QualifiedName, online: OnlineOptions = {}): void {
    if (duration === 'instant' || online.lock === 'EXCLUSIVE') this.lock('EXCLUSIVE', table, duration)
    else this.lock(blocksWrites ? 'SHARED' : 'NONE', table, duration)
  }

  /** Locks on tables that the statement does not name. */
  lockUnnamed(mode: LockMode, duration: Duration): void {
    this.#locks.push({ mode, table: '', duration, onNew: false, blocks: blockedBy(mode) })
  }

  /** What the author may write so that others do not wait for this lock. */
  instead(sentence: string): void {
    this.#instead = sentence
  }

  /** Only what changes rows or reads them: every other statement commits by itself. */
  mayRollBack(): void {
    this.#transactional = true
  }

  /** What cannot be read from the SQL is taken for the worst: destroys, tightens, and holds the strongest lock for long. */
  opaque(what: string, name: string): void {
    this.change({ action: 'alter', object: { type: 'other', name }, what, destroys: true, tightens: true })
    this.lockUnnamed('EXCLUSIVE', 'rewrite')
    this.#transactional = false
  }

  toFacts(): StatementFacts {
    const lock = summary(this.#locks)
    return {
      changes: this.#changes,
      lock: this.#instead === undefined ? lock : { ...lock, instead: this.#instead },
      transactional: this.#transactional,
    }
  }
}

function blockedBy(mode: LockMode): LockFacts['blocks'] {
  if (mode === 'EXCLUSIVE') return 'reads and writes'
  return mode === 'SHARED' ? 'writes' : 'nothing'
}

/**
 * The strongest lock on tables that others use, every table that is kept from others, and the longest work under such a
 * lock. Where all tables are new, nobody waits.
 */
function summary(locks: readonly TableLock[]): LockFacts {
  const felt = locks.filter((lock) => !lock.onNew)
  const counted = felt.length > 0 ? felt : locks
  const blocking = counted.filter((lock) => lock.blocks !== 'nothing')
  const decisive = (blocking.length > 0 ? blocking : counted).toSorted(
    (a, b) => MODES.indexOf(b.mode) - MODES.indexOf(a.mode),
  )
  const strongest = decisive[0]
  if (strongest === undefined) return { mode: 'none', tables: [], blocks: 'nothing', duration: 'instant' }
  const listed = blocking.length > 0 ? decisive : decisive.filter((lock) => lock.mode === strongest.mode)
  return {
    mode: strongest.mode,
    tables: [...new Set(listed.map((lock) => lock.table).filter((table) => table !== ''))],
    blocks: felt.length === 0 ? 'nothing' : widest(decisive),
    // `work` above: an online ALTER has the table for itself when it begins and when it ends.
    ...(felt.length > 0 && strongest.mode === 'NONE' ? { atEnds: 'reads and writes' as const } : {}),
    duration: decisive.reduce<Duration>((longest, { duration }) => longer(longest, duration), 'instant'),
  }
}

function widest(locks: readonly TableLock[]): LockFacts['blocks'] {
  if (locks.some((lock) => lock.blocks === 'reads and writes')) return 'reads and writes'
  return locks.some((lock) => lock.blocks === 'writes') ? 'writes' : 'nothing'
}

function longer(a: Duration, b: Duration): Duration {
  return DURATIONS.indexOf(b) > DURATIONS.indexOf(a) ? b : a
}
