import type { InstanceRecord, Session } from '@phasegate/core'
import { isoText } from '../session/postgres-session.js'
import { journalVersion } from './ensure-journal.js'

/** The version of the journal from which on instances report. */
const REPORTING = 3

/** Locks: ACCESS SHARE on tables of ours. */
export async function liveInstances(session: Session): Promise<readonly InstanceRecord[]> {
  if ((await journalVersion(session)) < REPORTING) return []
  return session.query<InstanceRecord & Record<string, unknown>>(
    `SELECT i.id, i.digest, b.application, i.draining, ${isoText('i.first_seen')} AS "firstSeen",
            ${isoText('i.last_seen')} AS "lastSeen", ${isoText('i.expires_at')} AS "expiresAt", i.role, i.client
     FROM phasegate.instance i JOIN phasegate.build b ON b.digest = i.digest
     WHERE i.expires_at > clock_timestamp() ORDER BY i.id`,
  )
}

/** The last row of each build stays: it says when that was seen. Locks: ROW EXCLUSIVE on `phasegate.instance`. */
export async function forgetInstances(session: Session): Promise<void> {
  await session.query(
    `DELETE FROM phasegate.instance i USING (
       SELECT digest, max(last_seen) AS last_seen FROM phasegate.instance GROUP BY digest) last
     WHERE last.digest = i.digest AND i.last_seen < last.last_seen
       AND i.expires_at < clock_timestamp() - interval '1 hour'`,
  )
}
