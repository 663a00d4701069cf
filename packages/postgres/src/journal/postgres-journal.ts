import type {
  Actor,
  ApprovedClient,
  Journal,
  NewApproval,
  Session,
  StartUnit,
  UnitChange,
  UnitId,
} from '@phasegate/core'
import { isoText } from '../session/postgres-session.js'
import { readJournal, reportHeartbeat } from '../sql/index.js'
import { ensureJournal } from './ensure-journal.js'
import { forgetInstances, liveInstances } from './instances.js'
import { freezeSteps, markStep, readSteps, recordRun, standingRuns } from './steps.js'

const FINISHED = ['applied', 'reverted']

/** The journal in schema `phasegate`. Plain statements: what they share a transaction with is the caller's choice. */
export function createPostgresJournal(): Journal {
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
      await session.query('DELETE FROM phasegate.step WHERE migration = $1 AND phase = $2', [
        unit.migration,
        unit.phase,
      ])
    },
    recordEvidence: async (session, unit, checks) => {
      for (const check of checks) {
        await session.query(
          `INSERT INTO phasegate.evidence (migration, phase, gate, verdict, reason, detail, observed_at, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [
            unit.migration,
            unit.phase,
            check.name,
            check.state,
            check.reason,
            JSON.stringify(check),
            check.observedAt,
            check.expiresAt ?? null,
          ],
        )
      }
    },
    approve,
    revoke,
    useOverride: async (session, id) => {
      await session.query('UPDATE phasegate.approval SET used_at = clock_timestamp() WHERE id = $1', [id])
    },
    request: async (session, unit, request, actor) => {
      await session.query('UPDATE phasegate.unit SET request = $3 WHERE migration = $1 AND phase = $2', [
        unit.migration,
        unit.phase,
        request === null ? null : JSON.stringify(request),
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
      await session.query(
        `UPDATE phasegate.journal SET held = CASE WHEN $1::jsonb IS NULL THEN NULL
           ELSE $1::jsonb || jsonb_build_object('at', ${isoText('clock_timestamp()')}) END`,
        [hold === null ? null : JSON.stringify({ actor, reason: hold.reason })],
      )
      await append(session, null, hold === null ? 'target.freed' : 'target.held', hold ?? {}, actor)
    },
    lastOfTables: async (session, type) => {
      const rows = await session.query<{ detail: Readonly<Record<string, unknown>> }>(
        `SELECT DISTINCT ON (detail ->> 'table') detail FROM phasegate.event
         WHERE type = $1 AND migration IS NULL ORDER BY detail ->> 'table', id DESC`,
        [type],
      )
      return rows.map(({ detail }) => detail)
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
  await session.query(
    'INSERT INTO phasegate.event (migration, phase, type, actor, detail) VALUES ($1, $2, $3, $4, $5)',
    [unit?.migration ?? null, unit?.phase ?? null, type, JSON.stringify(actor), JSON.stringify(detail)],
  )
}

async function startUnit(session: Session, start: StartUnit): Promise<void> {
  await session.query(
    `INSERT INTO phasegate.unit AS u (migration, phase, state, fingerprint, attempts, actor, since, started_at,
                                      backend_id, backend_started, detail)
     VALUES ($1, $2, $3, $4, 1, $5, clock_timestamp(), clock_timestamp(), $6, $7, $8)
     ON CONFLICT (migration, phase) DO UPDATE SET
       state = excluded.state, fingerprint = excluded.fingerprint, attempts = u.attempts + 1, actor = excluded.actor,
       since = CASE WHEN u.state = excluded.state THEN u.since ELSE excluded.since END,
       started_at = CASE WHEN u.state = 'reverted' THEN excluded.started_at ELSE u.started_at END,
       finished_at = NULL, error = NULL,
       backend_id = excluded.backend_id, backend_started = excluded.backend_started,
       detail = u.detail || excluded.detail`,
    [
      start.unit.migration,
      start.unit.phase,
      start.state,
      start.fingerprint,
      JSON.stringify(start.actor),
      start.backend.id,
      start.backend.startedAt,
      JSON.stringify(start.detail ?? {}),
    ],
  )
  await append(session, start.unit, `unit.${start.state}`, start.detail ?? {}, start.actor)
}

async function changeUnit(session: Session, unit: UnitId, change: UnitChange, actor: Actor): Promise<void> {
  await session.query(
    `UPDATE phasegate.unit SET state = $3, since = CASE WHEN state = $3 THEN since ELSE clock_timestamp() END,
       finished_at = CASE WHEN $4 THEN clock_timestamp() ELSE NULL END,
       error = CASE WHEN $5 THEN $6::jsonb ELSE error END,
       detail = detail || $7::jsonb,
       point_of_no_return = coalesce($8, point_of_no_return),
       request = CASE WHEN $3 IN ('paused', 'cancelled', 'applied') THEN NULL ELSE request END,
       backend_id = coalesce($9::integer, backend_id), backend_started = coalesce($10::timestamptz, backend_started)
     WHERE migration = $1 AND phase = $2`,
    [
      unit.migration,
      unit.phase,
      change.state,
      FINISHED.includes(change.state),
      change.error !== undefined,
      change.error == null ? null : JSON.stringify(change.error),
      JSON.stringify(change.detail ?? {}),
      change.pointOfNoReturn ?? null,
      change.backend?.id ?? null,
      change.backend?.startedAt ?? null,
    ],
  )
  await append(
    session,
    unit,
    `unit.${change.state}`,
    { ...change.detail, ...(change.error ? { error: change.error } : {}) },
    actor,
  )
}

async function approve(session: Session, approval: NewApproval): Promise<string> {
  const [row] = await session.query<{ id: string }>(
    `INSERT INTO phasegate.approval (migration, phase, kind, gate, actor, reason, fingerprint, expires_at)
     -- The role is what the server knows, not what the client says.
     VALUES ($1, $2, $3, $4, jsonb_set($5::jsonb, '{through,databaseRole}', to_jsonb(session_user::text)), $6, $7,
             clock_timestamp() + $8::float8 * interval '1 ms') RETURNING id::text`,
    [
      approval.unit.migration,
      approval.unit.phase,
      approval.kind,
      approval.gate,
      JSON.stringify(approval.actor),
      approval.reason,
      approval.fingerprint,
      approval.expiresIn,
    ],
  )
  if (row === undefined) throw new Error('an inserted approval has an id')
  await append(
    session,
    approval.unit,
    `${approval.kind}.given`,
    { gate: approval.gate, reason: approval.reason },
    approval.actor,
  )
  return row.id
}

async function revoke(
  session: Session,
  unit: UnitId,
  actor: Actor,
  reason: string,
  client: ApprovedClient | null = null,
): Promise<number> {
  const rows = await session.query(
    `UPDATE phasegate.approval SET revoked_at = clock_timestamp(), revoked_by = $3
     WHERE migration = $1 AND phase = $2 AND revoked_at IS NULL
       AND CASE WHEN used_at IS NULL THEN coalesce(expires_at > clock_timestamp(), true)
         -- One that was used stays in force for the run that took it, until its unit ends.
         ELSE EXISTS (SELECT FROM phasegate.unit u WHERE u.migration = $1 AND u.phase = $2
                        AND u.state NOT IN ('applied', 'reverted')) END
       AND ($4::text IS NULL OR (kind = 'approval' AND gate = $4)) RETURNING 1`,
    [unit.migration, unit.phase, JSON.stringify({ ...actor, reason }), client],
  )
  await append(session, unit, 'approval.revoked', { reason, count: rows.length, gate: client }, actor)
  return rows.length
}
