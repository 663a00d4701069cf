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
import { readJournal, reportHeartbeat } from '../sql/index.js'
import { ensureJournal } from './ensure-journal.js'
import { forgetInstances, liveInstances } from './instances.js'
import { mergeJson } from './merge-json.js'
import { rowCount } from './row-count.js'
import { freezeSteps, markStep, readSteps, recordRun, standingRuns } from './steps.js'
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
