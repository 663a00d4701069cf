import type {
  AllowedFinding,
  Change,
  CompiledMigration,
  CompiledStep,
  CompiledUnit,
  DatabaseObject,
  LockFacts,
  Phase,
} from '@phasegate/core'
import { checkMigration } from './check-migration.js'

export const table = (name: string): DatabaseObject => ({ type: 'table', name })
export const column = (name: string): DatabaseObject => ({ type: 'column', table: 'users', name })
export const index = (name: string): DatabaseObject => ({ type: 'index', name })
export const constraint = (name: string): DatabaseObject => ({ type: 'constraint', table: 'users', name })

export function change(
  action: Change['action'],
  object: DatabaseObject,
  what: string,
  more: Partial<Change> = {},
): Change {
  return { action, object, what, destroys: false, tightens: false, onNew: false, ...more }
}

/** ACCESS EXCLUSIVE held for as long as the statement takes. */
export const exclusive = (duration: LockFacts['duration'] = 'instant'): LockFacts => ({
  mode: 'ACCESS EXCLUSIVE',
  tables: ['users'],
  blocks: 'reads and writes',
  duration,
})
/** The lock of VALIDATE and of CONCURRENTLY, which nobody waits for. */
export const online = (duration: LockFacts['duration']): LockFacts => ({
  mode: 'SHARE UPDATE EXCLUSIVE',
  tables: ['users'],
  blocks: 'nothing',
  duration,
})

export interface StepSketch {
  readonly written?: string
  readonly line?: number
  readonly origin?: CompiledStep['origin']
  readonly changes: readonly Change[]
  readonly lock?: LockFacts
  readonly allows?: readonly AllowedFinding[]
}

export function step(sketch: StepSketch): CompiledStep {
  const written = sketch.written ?? sketch.changes.map((each) => each.what).join(', ')
  return {
    statement: written,
    written,
    origin: sketch.origin ?? 'written',
    ...(sketch.line === undefined ? {} : { where: { file: 'm.sql', line: sketch.line } }),
    execution: { mode: 'transaction', timeouts: 'short' },
    facts: { changes: sketch.changes, lock: sketch.lock ?? exclusive(), transactional: true },
    allows: sketch.allows ?? [],
    destroys: [],
  }
}

export function migration(
  units: { readonly [phase in Phase]?: readonly StepSketch[] },
  more: Partial<CompiledMigration> = {},
): CompiledMigration {
  const compiled: { [phase in Phase]?: CompiledUnit } = {}
  for (const [phase, steps] of Object.entries(units) as [Phase, readonly StepSketch[]][]) {
    compiled[phase] = { id: { migration: 'm', phase }, fingerprint: '1:authored', steps: steps.map(step) }
  }
  return {
    name: 'm',
    file: 'm.sql',
    format: 'sql',
    appUses: 'new',
    applications: undefined,
    hasSync: false,
    units: compiled,
    revert: { possible: true, steps: [] },
    gates: {},
    ...more,
  }
}

/** The ids of the rules that fire on these steps of one phase. */
export function rulesFiring(phase: Phase, ...steps: readonly StepSketch[]): readonly string[] {
  return checkMigration(migration({ [phase]: steps })).map((finding) => finding.rule)
}
