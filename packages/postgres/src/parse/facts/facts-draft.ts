import {
  type Change,
  displayName,
  type LockFacts,
  type MadeObjects,
  type QualifiedName,
  type StatementFacts,
} from '@phasegate/core'

/** Table locks, weakest first (PostgreSQL docs: Explicit Locking, "Table-Level Locks"). */
const MODES = [
  'none',
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

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
  readonly #changes: Change[] = []
  readonly #locks: TableLock[] = []
  #transactional = true

  constructor(made: MadeObjects) {
    this.made = made
  }

  change(input: ChangeInput): void {
    this.#changes.push({ destroys: false, tightens: false, onNew: false, ...input })
  }

  /** @param blocks given where rows, not the table, keep others waiting */
  lock(mode: LockMode, table: QualifiedName, duration: Duration = 'instant', blocks = blockedBy(mode)): void {
    this.#locks.push({ mode, table: displayName(table), duration, onNew: this.made.hasTable(table), blocks })
  }

  /** Locks on tables that the statement does not name: those which use a domain, or hang on a CASCADE. */
  lockUnnamed(mode: LockMode, duration: Duration): void {
    this.#locks.push({ mode, table: '', duration, onNew: false, blocks: blockedBy(mode) })
  }

  cannotShareTransaction(): void {
    this.#transactional = false
  }

  /** What cannot be read from the SQL is taken for the worst: destroys, tightens, and holds the strongest lock for long. */
  opaque(what: string, name: string): void {
    this.change({ action: 'alter', object: { type: 'other', name }, what, destroys: true, tightens: true })
    this.lockUnnamed('ACCESS EXCLUSIVE', 'rewrite')
  }

  toFacts(): StatementFacts {
    return { changes: this.#changes, lock: summary(this.#locks), transactional: this.#transactional }
  }
}

function blockedBy(mode: LockMode): LockFacts['blocks'] {
  if (mode === 'ACCESS EXCLUSIVE') return 'reads and writes'
  return MODES.indexOf(mode) >= MODES.indexOf('SHARE') ? 'writes' : 'nothing'
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
