import {
  type Actor,
  type ApprovedClient,
  type CompiledStep,
  type Direction,
  type EngineName,
  type EngineRun,
  type Journal,
  type NewApproval,
  type Session,
  type StandingRun,
  type StartUnit,
  type StepRecord,
  type StepState,
  statementHash,
  type UnitChange,
  type UnitId,
} from '@phasegate/core'
import { readJournal, reportHeartbeat } from '../sql/index.js'
import { ensureJournal } from './ensure-journal.js'
import { forgetInstances, liveInstances } from './instances.js'
import { mergeJson } from './merge-json.js'
import { isoText, utcDatetime } from './utc-datetime.js'

const FINISHED = ['applied', 'reverted']

/**
 * The journal in the tables `phasegate_*`. Plain statements: what they share a transaction with is the caller's choice.
 * Assignments run from left to right and see what was assigned before (MySQL Reference Manual, "UPDATE Statement"), so
 * that what depends on the old state stands before the new one.
 */
export function createMysqlJournal(): Journal {
  return {
    ensure: ensureJournal,
    read: (session) => readJournal((text) => session.query(text)),
    liveInstances,
    recordedManifests: (session, application) => reportHeartbeat.manifests((text) => session.query(text), application),
    forgetInstances,
    startUnit,
    changeUnit,
    steps: readSteps,
    freezeSteps,
    markStep,
    recordRun,
    standingRuns,
    forgetSteps: async (session, unit) => {
      await session.query('DELETE FROM phasegate_step WHERE migration = ? AND phase = ?', [unit.migration, unit.phase])
    },
    recordEvidence: async (session, unit, checks) => {
      for (const check of checks) {
        await session.query(
          `INSERT INTO phasegate_evidence (migration, phase, gate, verdict, reason, detail, observed_at, expires_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            unit.migration,
            unit.phase,
            check.name,
            check.state,
            check.reason,
            JSON.stringify(check),
            utcDatetime(check.observedAt),
            check.expiresAt === undefined ? null : utcDatetime(check.expiresAt),
          ],
        )
      }
    },
    approve,
    revoke,
    useOverride: async (session, id) => {
      await session.query('UPDATE phasegate_approval SET used_at = UTC_TIMESTAMP(6) WHERE id = ?', [id])
    },
    request: async (session, unit, request, actor) => {
      await session.query('UPDATE phasegate_unit SET request = ? WHERE migration = ? AND phase = ?', [
        request === null ? null : JSON.stringify(request),
        unit.migration,
        unit.phase,
      ])
      await append(
        session,
        unit,
        request === null ? 'request.withdrawn' : `request.${request.action}`,
        request ?? {},
        actor,
      )
    },
    hold: async (session, hold, actor) => {
      if (hold === null) await session.query('UPDATE phasegate_journal SET held = NULL')
      else
        await session.query(`UPDATE phasegate_journal SET held = JSON_SET(?, '$.at', ${isoText('UTC_TIMESTAMP(6)')})`, [
          JSON.stringify({ actor, reason: hold.reason }),
        ])
      await append(session, null, hold === null ? 'target.freed' : 'target.held', hold ?? {}, actor)
    },
    lastOfTables: async (session, type) => {
      const rows = await session.query<{ detail: string }>(
        `SELECT CAST(detail AS CHAR) AS detail FROM phasegate_event WHERE id IN (
           SELECT MAX(id) FROM phasegate_event WHERE type = ? AND migration IS NULL
           GROUP BY JSON_UNQUOTE(JSON_EXTRACT(detail, '$.table')))`,
        [type],
      )
      return rows.map(({ detail }) => JSON.parse(detail))
    },
    append,
  }
}

async function append(
  session: Session,
  unit: UnitId | null,
  type: string,
  detail: object,
  actor: Actor,
): Promise<void> {
  await session.query('INSERT INTO phasegate_event (migration, phase, type, actor, detail) VALUES (?, ?, ?, ?, ?)', [
    unit?.migration ?? null,
    unit?.phase ?? null,
    type,
    JSON.stringify(actor),
    JSON.stringify(detail),
  ])
}

/** How many rows the statement before has changed (or, by a flag that drivers set, found). */
async function rowCount(session: Session): Promise<number> {
  const [row] = await session.query<{ count: number | string }>('SELECT ROW_COUNT() AS count')
  return Number(row?.count)
}

async function startUnit(session: Session, start: StartUnit): Promise<void> {
  const { unit, state, fingerprint, backend, detail = {} } = start
  const actor = JSON.stringify(start.actor)
  const merged = mergeJson('detail', detail)
  await session.query(
    `INSERT INTO phasegate_unit (migration, phase, state, fingerprint, attempts, actor, since, started_at,
                                 backend_id, backend_started, detail)
     VALUES (?, ?, ?, ?, 1, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), ?, ?, ?)
     ON DUPLICATE KEY UPDATE
       since = IF(state = ?, since, UTC_TIMESTAMP(6)),
       started_at = IF(state = 'reverted', UTC_TIMESTAMP(6), started_at),
       state = ?, fingerprint = ?, attempts = attempts + 1, actor = ?,
       finished_at = NULL, error = NULL, backend_id = ?, backend_started = ?,
       detail = ${merged.expression}`,
    [
      ...[unit.migration, unit.phase, state, fingerprint, actor, backend.id, backend.startedAt, JSON.stringify(detail)],
      ...[state, state, fingerprint, actor, backend.id, backend.startedAt, ...merged.values],
    ],
  )
  await append(session, unit, `unit.${state}`, detail, start.actor)
}

async function changeUnit(session: Session, unit: UnitId, change: UnitChange, actor: Actor): Promise<void> {
  const { state, error } = change
  const merged = mergeJson('detail', change.detail ?? {})
  await session.query(
    `UPDATE phasegate_unit SET since = IF(state = ?, since, UTC_TIMESTAMP(6)), state = ?,
       finished_at = ${FINISHED.includes(state) ? 'UTC_TIMESTAMP(6)' : 'NULL'},
       error = ${error === undefined ? 'error' : '?'},
       detail = ${merged.expression},
       point_of_no_return = COALESCE(?, point_of_no_return),
       request = IF(? IN ('paused', 'cancelled', 'applied'), NULL, request),
       backend_id = COALESCE(?, backend_id), backend_started = COALESCE(?, backend_started)
     WHERE migration = ? AND phase = ?`,
    [
      ...[state, state],
      ...(error === undefined ? [] : [error === null ? null : JSON.stringify(error)]),
      ...merged.values,
      change.pointOfNoReturn === undefined ? null : Number(change.pointOfNoReturn),
      ...[state, change.backend?.id ?? null, change.backend?.startedAt ?? null, unit.migration, unit.phase],
    ],
  )
  await append(session, unit, `unit.${state}`, { ...change.detail, ...(error ? { error } : {}) }, actor)
}

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

async function readSteps(session: Session, unit: UnitId, direction: Direction): Promise<readonly StepRecord[]> {
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

async function freezeSteps(
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

async function markStep(
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

async function recordRun(
  session: Session,
  unit: UnitId,
  direction: Direction,
  position: number,
  engine: EngineName,
  run: EngineRun | null,
): Promise<void> {
  const merged = mergeJson('detail', { run })
  await session.query(
    `UPDATE phasegate_step SET engine = ?, detail = ${merged.expression}
     WHERE migration = ? AND phase = ? AND direction = ? AND position = ?`,
    [engine, ...merged.values, unit.migration, unit.phase, direction, position],
  )
}

async function standingRuns(session: Session): Promise<readonly StandingRun[]> {
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

async function approve(session: Session, approval: NewApproval): Promise<string> {
  const { unit, kind, gate, actor, reason, fingerprint, expiresIn } = approval
  await session.query(
    // The account is what the server knows, not what the client says.
    `INSERT INTO phasegate_approval (migration, phase, kind, gate, actor, reason, fingerprint, expires_at)
     VALUES (?, ?, ?, ?, JSON_SET(?, '$.through.databaseRole', CURRENT_USER()), ?, ?,
             UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND)`,
    [
      ...[unit.migration, unit.phase, kind, gate, JSON.stringify(actor), reason, fingerprint],
      expiresIn === null ? null : Math.round(expiresIn * 1000),
    ],
  )
  const [row] = await session.query<{ id: string }>('SELECT CAST(LAST_INSERT_ID() AS CHAR) AS id')
  if (row === undefined) throw new Error('an inserted approval has an id')
  await append(session, unit, `${kind}.given`, { gate, reason }, actor)
  return row.id
}

async function revoke(
  session: Session,
  unit: UnitId,
  actor: Actor,
  reason: string,
  client: ApprovedClient | null = null,
): Promise<number> {
  await session.query(
    `UPDATE phasegate_approval SET revoked_at = UTC_TIMESTAMP(6), revoked_by = ?
     WHERE migration = ? AND phase = ? AND revoked_at IS NULL
       AND IF(used_at IS NULL, COALESCE(expires_at > UTC_TIMESTAMP(6), TRUE),
         -- One that was used stays in force for the run that took it, until its unit ends.
         EXISTS (SELECT 1 FROM phasegate_unit u WHERE u.migration = ? AND u.phase = ?
                   AND u.state NOT IN ('applied', 'reverted')))
       AND (? IS NULL OR (kind = 'approval' AND gate = ?))`,
    [JSON.stringify({ ...actor, reason }), unit.migration, unit.phase, unit.migration, unit.phase, client, client],
  )
  const count = await rowCount(session)
  await append(session, unit, 'approval.revoked', { reason, count, gate: client }, actor)
  return count
}
