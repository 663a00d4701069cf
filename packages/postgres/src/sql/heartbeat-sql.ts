import type { Heartbeat, HeartbeatSql } from '@phasegate/core'
import { grantsFor } from './journal-errors.js'
import { glanceAtJournalSql, reportJournalSql } from './read-journal-sql.js'
import { hasSqlState } from './sql-state.js'

/**
 * A text as a literal that holds neither a quote nor a sign that a client takes for a parameter (`?`, `$`, `:name`), whatever
 * is in it. The collation is that of the column which it is compared with, or its index would not be used.
 */
function literal(text: string): string {
  if (/^[\w ./-]*$/.test(text)) return `'${text}'`
  return `(convert_from(decode('${Buffer.from(text).toString('hex')}', 'hex'), 'UTF8') COLLATE "default")`
}

/** Who reports, as pg_stat_activity has it. A socket has no address. */
const CLIENT = `coalesce(host(inet_client_addr()), '')`

/**
 * One upsert of one row by its primary key. Two processes never write the same one, so nothing waits; locks: ROW EXCLUSIVE
 * on `phasegate.instance`. It is stored only where the build is, so that no heartbeat stands for a build that nobody knows.
 */
const beat = ({ id, digest, lifetime, draining }: Heartbeat): string => `
  INSERT INTO phasegate.instance AS i (id, digest, draining, last_seen, expires_at, role, client)
  SELECT ${literal(id)}, b.digest, ${draining}, clock_timestamp(),
         clock_timestamp() + ${Math.ceil(lifetime)} * interval '1 millisecond', session_user, ${CLIENT}
  FROM phasegate.build b WHERE b.digest = ${literal(digest)}
  ON CONFLICT (id) DO UPDATE SET draining = excluded.draining, last_seen = excluded.last_seen,
    expires_at = excluded.expires_at, role = excluded.role, client = excluded.client
  RETURNING i.id`

/** The same for one that is there. */
const renew = ({ id, lifetime, draining }: Heartbeat): string => `
  UPDATE phasegate.instance SET draining = ${draining}, last_seen = clock_timestamp(),
    expires_at = clock_timestamp() + ${Math.ceil(lifetime)} * interval '1 millisecond'
  WHERE id = ${literal(id)} RETURNING id`

/** How a process reports on PostgreSQL: the upsert is a data-modifying part of the statement that reads the journal. */
export const heartbeatSql: HeartbeatSql = {
  recordBuild: ({ digest, application, manifest }) => `
INSERT INTO phasegate.build (digest, application, manifest)
VALUES (${literal(digest)}, ${literal(application)}, ${literal(manifest)}::jsonb)
ON CONFLICT (digest) DO NOTHING`,
  beat: (heartbeat) => [reportJournalSql(beat(heartbeat))],
  glance: (heartbeat) => [glanceAtJournalSql(renew(heartbeat))],
  // Its row stays, ended: that is what says when its build was seen last. The runner tidies up.
  leave: (id) => `
UPDATE phasegate.instance SET draining = true, last_seen = clock_timestamp(), expires_at = clock_timestamp()
WHERE id = ${literal(id)}`,
  manifests: (application) => `
SELECT manifest::text AS manifest FROM phasegate.build WHERE application = ${literal(application)} ORDER BY first_seen DESC, digest`,
  isReadOnly: (error) => hasSqlState(error, ['25006']),
  // undefined_column
  isOlderJournal: (error) => hasSqlState(error, ['42703']),
  grantsFor: (role) => {
    const quoted = `"${role.replaceAll('"', '""')}"`
    return [...grantsFor(role), `GRANT INSERT, UPDATE ON phasegate.build, phasegate.instance TO ${quoted};`]
  },
}
