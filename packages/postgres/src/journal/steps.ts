import {
  type CompiledStep,
  type Direction,
  type EngineRun,
  type Row,
  type Session,
  type StandingRun,
  type StepRecord,
  type StepState,
  statementHash,
  type UnitId,
} from '@phasegate/core'
import { isoText } from '../session/postgres-session.js'

interface StepRow {
  readonly position: number
  readonly statement: string
  readonly hash: string
  readonly written: string
  readonly spec: Pick<StepRecord, 'execution' | 'lock' | 'destroys' | 'opaque'>
  readonly state: StepState
  readonly found: boolean
  readonly run: EngineRun | null
  readonly backend_id: number | null
  readonly backend_started: string | null
  readonly [key: string]: unknown
}

export async function readSteps(session: Session, unit: UnitId, direction: Direction): Promise<readonly StepRecord[]> {
  const rows = await session.query<StepRow>(
    `SELECT position, statement, hash, written, spec, state, coalesce((detail ->> 'found')::boolean, false) AS found,
       detail -> 'run' AS run, backend_id, ${isoText('backend_started')} AS backend_started
     FROM phasegate.step WHERE migration = $1 AND phase = $2 AND direction = $3 ORDER BY position`,
    [unit.migration, unit.phase, direction],
  )
  return rows.map(({ spec, backend_id, backend_started, ...row }) => ({
    position: row.position,
    statement: row.statement,
    hash: row.hash,
    written: row.written,
    state: row.state,
    found: row.found,
    run: row.run,
    ...spec,
    backend: backend_id === null ? null : { id: String(backend_id), startedAt: backend_started ?? '' },
  }))
}

export async function freezeSteps(
  session: Session,
  unit: UnitId,
  direction: Direction,
  position: number,
  steps: readonly CompiledStep[],
): Promise<void> {
  await session.query(
    'DELETE FROM phasegate.step WHERE migration = $1 AND phase = $2 AND direction = $3 AND position >= $4',
    [unit.migration, unit.phase, direction, position],
  )
  for (const [index, step] of steps.entries()) {
    await session.query(
      `INSERT INTO phasegate.step (migration, phase, direction, position, statement, hash, written, spec, detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
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
  const rows = await session.query(
    `UPDATE phasegate.step SET state = $5, detail = detail || jsonb_build_object('found', $8::boolean),
       backend_id = CASE WHEN $5 = 'pending' THEN NULL ELSE $6::int END,
       backend_started = CASE WHEN $5 = 'pending' THEN NULL ELSE $7::timestamptz END,
       started_at = CASE WHEN $5 = 'done' THEN coalesce(started_at, clock_timestamp()) ELSE clock_timestamp() END,
       finished_at = CASE WHEN $5 = 'done' THEN clock_timestamp() END
     WHERE migration = $1 AND phase = $2 AND direction = $3 AND position = $4 AND state <> 'done'
     RETURNING 1`,
    [unit.migration, unit.phase, direction, position, state, session.backend.id, session.backend.startedAt, found],
  )
  // Exactly-once rests on this: a step that somebody else has finished must take our transaction down with it.
  if (rows.length !== 1)
    throw new Error(`step ${position} of ${unit.migration}:${unit.phase} is not ours to mark ${state}`)
}

export async function recordRun(
  session: Session,
  unit: UnitId,
  direction: Direction,
  position: number,
  run: EngineRun | null,
): Promise<void> {
  await session.query(
    `UPDATE phasegate.step SET engine = coalesce($5, engine), detail = detail || jsonb_build_object('run', $6::jsonb)
     WHERE migration = $1 AND phase = $2 AND direction = $3 AND position = $4`,
    [unit.migration, unit.phase, direction, position, run?.engine ?? null, run === null ? null : JSON.stringify(run)],
  )
}

export async function standingRuns(session: Session): Promise<readonly StandingRun[]> {
  const rows = await session.query<Omit<StandingRun, 'unit'> & UnitId & Row>(
    `SELECT migration, phase, direction, position, spec -> 'execution' -> 'engine' AS task, detail -> 'run' AS run
     FROM phasegate.step WHERE engine <> 'native' AND jsonb_typeof(detail -> 'run') = 'object'`,
  )
  return rows.map(({ migration, phase, ...rest }) => ({ unit: { migration, phase }, ...rest }))
}
