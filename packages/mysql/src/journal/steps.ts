import {
  type CompiledStep,
  type Direction,
  type EngineRun,
  type Session,
  type StandingRun,
  type StepRecord,
  type StepState,
  statementHash,
  type UnitId,
} from '@phasegate/core'
import { mergeJson } from './merge-json.js'
import { rowCount } from './row-count.js'

interface StepRow {
  readonly position: number
  readonly statement: string
  readonly hash: string
  readonly written: string
  /** JSON. */
  readonly spec: string
  /** JSON. */
  readonly detail: string
  readonly state: StepState
  readonly backend_id: string | null
  readonly backend_started: string | null
  readonly [key: string]: unknown
}

export async function readSteps(session: Session, unit: UnitId, direction: Direction): Promise<readonly StepRecord[]> {
  const rows = await session.query<StepRow>(
    `SELECT position, statement, hash, written, CAST(spec AS CHAR) AS spec, CAST(detail AS CHAR) AS detail, state,
       CAST(backend_id AS CHAR) AS backend_id, backend_started
     FROM phasegate_step WHERE migration = ? AND phase = ? AND direction = ? ORDER BY position`,
    [unit.migration, unit.phase, direction],
  )
  return rows.map((row) => {
    const spec: Pick<StepRecord, 'execution' | 'lock' | 'destroys' | 'opaque'> = JSON.parse(row.spec)
    const { found = false, run = null }: Pick<Partial<StepRecord>, 'found' | 'run'> = JSON.parse(row.detail)
    return {
      position: row.position,
      statement: row.statement,
      hash: row.hash,
      written: row.written,
      state: row.state,
      found,
      run,
      ...spec,
      backend: row.backend_id === null ? null : { id: row.backend_id, startedAt: row.backend_started ?? '' },
    }
  })
}

export async function freezeSteps(
  session: Session,
  unit: UnitId,
  direction: Direction,
  position: number,
  steps: readonly CompiledStep[],
): Promise<void> {
  await session.query(
    'DELETE FROM phasegate_step WHERE migration = ? AND phase = ? AND direction = ? AND position >= ?',
    [unit.migration, unit.phase, direction, position],
  )
  for (const [index, step] of steps.entries()) {
    await session.query(
      `INSERT INTO phasegate_step (migration, phase, direction, position, statement, hash, written, spec, detail)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      [
        unit.migration,
        unit.phase,
        direction,
        position + index,
        step.statement,
        statementHash(step.statement),
        step.written,
        JSON.stringify({
          execution: step.execution,
          lock: step.facts.lock,
          destroys: step.destroys,
          opaque: step.run !== undefined,
        }),
        JSON.stringify({ allows: step.allows, where: step.where }),
      ],
    )
  }
}

export async function markStep(
  session: Session,
  unit: UnitId,
  direction: Direction,
  position: number,
  state: StepState,
  found = false,
): Promise<void> {
  const backend = state === 'pending' ? { id: null, startedAt: null } : session.backend
  const merged = mergeJson('detail', { found })
  await session.query(
    `UPDATE phasegate_step SET state = ?, detail = ${merged.expression}, backend_id = ?, backend_started = ?,
       started_at = ${state === 'done' ? 'COALESCE(started_at, UTC_TIMESTAMP(6))' : 'UTC_TIMESTAMP(6)'},
       finished_at = ${state === 'done' ? 'UTC_TIMESTAMP(6)' : 'NULL'}
     WHERE migration = ? AND phase = ? AND direction = ? AND position = ? AND state <> 'done'`,
    [state, ...merged.values, backend.id, backend.startedAt, unit.migration, unit.phase, direction, position],
  )
  // Exactly-once rests on this: a step that somebody else has finished must take our transaction down with it.
  if ((await rowCount(session)) !== 1)
    throw new Error(`step ${position} of ${unit.migration}:${unit.phase} is not ours to mark ${state}`)
}

export async function recordRun(
  session: Session,
  unit: UnitId,
  direction: Direction,
  position: number,
  run: EngineRun | null,
): Promise<void> {
  const merged = mergeJson('detail', { run })
  await session.query(
    `UPDATE phasegate_step SET engine = COALESCE(?, engine), detail = ${merged.expression}
     WHERE migration = ? AND phase = ? AND direction = ? AND position = ?`,
    [run?.engine ?? null, ...merged.values, unit.migration, unit.phase, direction, position],
  )
}

export async function standingRuns(session: Session): Promise<readonly StandingRun[]> {
  const rows = await session.query<StepRow & UnitId & { readonly direction: Direction }>(
    `SELECT migration, phase, direction, position, CAST(spec AS CHAR) AS spec, CAST(detail AS CHAR) AS detail
     FROM phasegate_step WHERE engine <> 'native' AND COALESCE(JSON_TYPE(JSON_EXTRACT(detail, '$.run')), 'NULL') <> 'NULL'`,
  )
  return rows.map(({ migration, phase, direction, position, spec, detail }) => ({
    unit: { migration, phase },
    direction,
    position,
    task: JSON.parse(spec).execution.engine,
    run: JSON.parse(detail).run,
  }))
}
