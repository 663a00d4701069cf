import type { InstanceRecord, Session } from '@phasegate/core'
import { journalVersion } from './ensure-journal.js'
import { isoText } from './utc-datetime.js'

/** The version of the journal from which on instances report. */
const REPORTING = 3

/** Locks: metadata locks (SHARED_READ) on tables of ours. */
export async function liveInstances(session: Session): Promise<readonly InstanceRecord[]> {
  if ((await journalVersion(session)) < REPORTING) return []
  const rows = await session.query<Omit<InstanceRecord, 'draining'> & { draining: number } & Record<string, unknown>>(
    `SELECT i.id, i.digest, b.application, i.draining, ${isoText('i.first_seen')} AS firstSeen,
            ${isoText('i.last_seen')} AS lastSeen, ${isoText('i.expires_at')} AS expiresAt, i.role, i.client
     FROM phasegate_instance i JOIN phasegate_build b ON b.digest = i.digest
     WHERE i.expires_at > UTC_TIMESTAMP(6) ORDER BY i.id`,
  )
  return rows.map((row) => ({ ...row, draining: Number(row.draining) === 1 }))
}

/** The last row of each build stays: it says when that was seen. */
export async function forgetInstances(session: Session): Promise<void> {
  await session.query(
    `DELETE i FROM phasegate_instance i JOIN (
       SELECT digest, MAX(last_seen) AS last_seen FROM phasegate_instance GROUP BY digest) last ON last.digest = i.digest
     WHERE i.last_seen < last.last_seen AND i.expires_at < UTC_TIMESTAMP(6) - INTERVAL 1 HOUR`,
  )
}
