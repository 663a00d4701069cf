import type { CompiledMigration, CompiledStep, CompiledUnit } from '../compiled/compiled-migration.js'
import type { DatabaseObject } from '../compiled/database-object.js'
import type { Change } from '../compiled/statement-facts.js'
import type { JournalSnapshot, UnitRecord } from '../journal/journal-snapshot.js'
import { PHASES, type Phase } from '../phase.js'

/** `users` is a table, `users.email` a column of it. */
export function object(text: string): DatabaseObject {
  const [table, column] = text.split('.')
  return column === undefined ? { type: 'table', name: table! } : { type: 'column', table: table!, name: column }
}

export function step(statement: string, ...changes: readonly [Change['action'], string][]): CompiledStep {
  return {
    statement,
    written: statement,
    origin: 'written',
    execution: { mode: 'transaction', timeouts: 'short' },
    facts: {
      changes: changes.map(([action, name]) => ({
        action,
        object: object(name),
        what: action,
        destroys: false,
        tightens: false,
        onNew: false,
      })),
      lock: { mode: 'ACCESS EXCLUSIVE', tables: [], blocks: 'reads and writes', duration: 'instant' },
      transactional: true,
    },
    allows: [],
    destroys: [],
  }
}

export type UnitSketch = readonly (readonly [Change['action'], string])[]

/** A migration whose units do what the sketch says: `migration('1', { expand: [['create', 'users.a']] })`. */
export function migration(
  name: string,
  sketch: { readonly [phase in Phase]?: UnitSketch },
  edited: readonly Phase[] = [],
): CompiledMigration {
  const units: { [phase in Phase]?: CompiledUnit } = {}
  for (const phase of PHASES) {
    const changes = sketch[phase]
    if (changes === undefined) continue
    const base = {
      id: { migration: name, phase },
      fingerprint: edited.includes(phase) ? '1:edited' : '1:authored',
    }
    units[phase] =
      phase === 'backfill'
        ? { ...base, steps: [], backfill: backfillOf(changes) }
        : { ...base, steps: changes.map((change, index) => step(`${name} ${phase} ${index}`, [change[0], change[1]])) }
  }
  return {
    name,
    file: `${name}.ts`,
    format: 'typescript',
    appUses: 'new',
    applications: undefined,
    hasSync: false,
    units,
    revert: { possible: true, steps: [] },
    gates: {},
  }
}

/** A backfill of one table: `write` sets the column, anything else reads it. */
function backfillOf(changes: UnitSketch): NonNullable<CompiledUnit['backfill']> {
  const columns = changes.map(([action, name]) => ({ action, column: object(name) }))
  return {
    table: { name: columns[0]?.column.table ?? columns[0]?.column.name ?? 'users' },
    set: columns
      .filter(({ action }) => action === 'write')
      .map(({ column }) => ({ column: column.name, expression: '1' })),
    batchSize: 1000,
    batchTime: 250,
    once: false,
    comparable: true,
    reads: columns.filter(({ action }) => action !== 'write').map(({ column }) => column.name),
    written: '',
  }
}

export function record(migrationName: string, phase: Phase, state: UnitRecord['state']): UnitRecord {
  return {
    migration: migrationName,
    phase,
    state,
    fingerprint: '1:authored',
    attempts: state === 'pending' ? 0 : 1,
    actor: null,
    since: '2026-11-22T10:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    error: null,
    request: null,
    pointOfNoReturn: false,
    detail: {},
    progress: null,
  }
}

export function snapshot(...units: readonly UnitRecord[]): JournalSnapshot {
  return {
    exists: true,
    version: 1,
    target: 'c0ffee',
    database: 'shop',
    server: { dialect: 'postgres', version: '18.0' },
    now: '2026-11-22T12:00:00.000Z',
    held: null,
    units,
    approvals: [],
    evidence: [],
    builds: [],
  }
}
