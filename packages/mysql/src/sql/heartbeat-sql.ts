import type { Heartbeat, HeartbeatSql } from '@phasegate/core'
import { parseAccount, quoteAccount, quoteName } from './account.js'
import { hasErrorNumber } from './error-number.js'
import { grantsFor } from './journal-errors.js'
import { glanceAtJournalSql, reportJournalSql } from './read-journal-sql.js'

/**
 * A text as a literal that holds neither a quote nor a sign that a client takes for a parameter (`?`, `:name`), whatever is
 * in it and whatever the sql_mode.
 */
function literal(text: string): string {
  if (/^[\w ./-]*$/.test(text)) return `'${text}'`
  return `CONVERT(X'${Buffer.from(text).toString('hex')}' USING utf8mb4)`
}

/** USER() is whom the client said it is and where it came from, as the process list has them; a host may hold a port. */
const ROLE = `SUBSTRING_INDEX(USER(), '@', CHAR_LENGTH(USER()) - CHAR_LENGTH(REPLACE(USER(), '@', '')))`
const CLIENT = `SUBSTRING_INDEX(USER(), '@', -1)`

/**
 * One upsert of one row by its primary key. Two processes never write the same one, so nothing waits. It is stored only
 * where the build is, so that no heartbeat stands for a build that nobody knows.
 */
const beat = ({ id, digest, lifetime, draining }: Heartbeat): string => `
INSERT INTO phasegate_instance (id, digest, draining, last_seen, expires_at, role, client)
SELECT ${literal(id)}, b.digest, ${draining ? 1 : 0}, UTC_TIMESTAMP(6),
       UTC_TIMESTAMP(6) + INTERVAL ${Math.ceil(lifetime) * 1000} MICROSECOND, ${ROLE}, ${CLIENT}
FROM phasegate_build b WHERE b.digest = ${literal(digest)}
ON DUPLICATE KEY UPDATE draining = VALUES(draining), last_seen = VALUES(last_seen), expires_at = VALUES(expires_at),
  role = VALUES(role), client = VALUES(client)`

/** The same for one that is there. */
const renew = ({ id, lifetime, draining }: Heartbeat): string => `
UPDATE phasegate_instance SET draining = ${draining ? 1 : 0}, last_seen = UTC_TIMESTAMP(6),
  expires_at = UTC_TIMESTAMP(6) + INTERVAL ${Math.ceil(lifetime) * 1000} MICROSECOND
WHERE id = ${literal(id)}`

/**
 * How a process reports on MySQL and MariaDB. No statement of theirs writes and gives rows of another table, and a client
 * sends two at once only where it was told so when it connected; so there are two, the heartbeat first: who has read that no
 * contract is announced is known to every contract that is announced later.
 */
export const heartbeatSql: HeartbeatSql = {
  recordBuild: ({ digest, application, manifest }) => `
INSERT INTO phasegate_build (digest, application, manifest)
VALUES (${literal(digest)}, ${literal(application)}, ${literal(manifest)})
ON DUPLICATE KEY UPDATE digest = VALUES(digest)`,
  beat: (heartbeat) => [beat(heartbeat), reportJournalSql(literal(heartbeat.id))],
  glance: (heartbeat) => [renew(heartbeat), glanceAtJournalSql(literal(heartbeat.id))],
  // Its row stays, ended: that is what says when its build was seen last. The runner tidies up.
  leave: (id) => `
UPDATE phasegate_instance SET draining = 1, last_seen = UTC_TIMESTAMP(6), expires_at = UTC_TIMESTAMP(6)
WHERE id = ${literal(id)}`,
  manifests: (application) => `
SELECT CAST(manifest AS CHAR) AS manifest FROM phasegate_build WHERE application = ${literal(application)} ORDER BY first_seen DESC, digest`,
  // ER_OPTION_PREVENTS_STATEMENT (read_only), ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
  isReadOnly: (error) => hasErrorNumber(error, [1290, 1792]),
  // ER_BAD_FIELD_ERROR
  isOlderJournal: (error) => hasErrorNumber(error, [1054]),
  grantsFor: (account, database) => {
    const to = quoteAccount(parseAccount(account))
    const on = (table: string): string => `${quoteName(database)}.${quoteName(table)}`
    return [
      ...grantsFor(account, database),
      `GRANT INSERT, UPDATE ON ${on('phasegate_build')} TO ${to};`,
      `GRANT INSERT, UPDATE ON ${on('phasegate_instance')} TO ${to};`,
    ]
  },
}
