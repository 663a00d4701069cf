// Text only: this file is part of the entry `./sql`, which loads neither knex nor mysql2.

import { dialectSql } from './describe-database.js'

const iso = (expression: string): string => `DATE_FORMAT(${expression}, '%Y-%m-%dT%H:%i:%s.%fZ')`

/** How the name begins of the lock that a session of ours takes right after connecting; session/ takes it. */
export const SESSION_LOCK_PREFIX = 'phasegate_s_'

/**
 * Is the session that is recorded in `of` still there? It holds its lock for as long as the server knows it, and any
 * account may ask. MySQL refuses a name that is NULL or longer than 64 characters, where MariaDB answers NULL.
 */
const sessionLives = (of: string): string =>
  `COALESCE(IS_USED_LOCK(CONCAT('${SESSION_LOCK_PREFIX}', LEFT(COALESCE(${of}.backend_started, ''), 52))) = ${of}.backend_id, FALSE)`

/**
 * The row says that somebody is at work, while nobody is. The locks of a primary are not known on its replicas, so
 * nothing is concluded where the server is read-only (\`0\` on MySQL, \`OFF\` on MariaDB is the primary).
 */
const interrupted = `(CONCAT(@@GLOBAL.read_only) IN ('0', 'OFF') AND u.state IN ('running', 'verifying', 'contracting')
    AND ${sessionLives('u')} = FALSE
    AND (u.phase <> 'backfill' OR NOT EXISTS (
      SELECT 1 FROM phasegate_backfill_range r
      WHERE r.migration = u.migration AND r.owner IS NOT NULL AND ${sessionLives('r')})))`

/**
 * Text of one row, \`{"<part>": {…}, "json": {…}}\`. What the journal keeps as JSON is joined in as text: MySQL would nest
 * it in JSON_OBJECT and MariaDB would, by version and type of expression, quote it.
 */
const row = (part: string, fields: string, json: Readonly<Record<string, string>> = {}): string =>
  `CONCAT('{"${part}": ', JSON_OBJECT(${fields}), ', "json": {'${Object.entries(json)
    .map(([key, value], index) => `, '${index === 0 ? '' : ', '}"${key}": ', COALESCE(${value}, 'null')`)
    .join('')}, '}}')`

/**
 * Changes with every transition and every decision, which are events, and with what gates have seen. An event that was
 * numbered earlier may be committed later: it changes the sum.
 */
const MARK = `CONCAT_WS('/', (SELECT SUM(id) FROM (SELECT id FROM phasegate_event ORDER BY id DESC LIMIT 32) e),
  (SELECT MAX(id) FROM phasegate_evidence))`

/** The statement, with more of the journal's own row as expressions of JSON text. */
const readSql = (more: Readonly<Record<string, string>>): string => `
SELECT ${row(
  'journal',
  `'version', j.version, 'target', j.target, 'database', DATABASE(), 'dialect', ${dialectSql}, 'server', VERSION(), 'now', ${iso('UTC_TIMESTAMP(6)')}`,
  { held: 'j.held', ...more },
)} AS journal
FROM phasegate_journal j
UNION ALL
SELECT ${row(
  'unit',
  `'migration', u.migration, 'phase', u.phase, 'state', IF(${interrupted}, 'interrupted', u.state),
    'fingerprint', u.fingerprint, 'attempts', u.attempts, 'since', ${iso('u.since')},
    'startedAt', ${iso('u.started_at')}, 'finishedAt', ${iso('u.finished_at')}`,
  {
    actor: 'u.actor',
    error: 'u.error',
    request: 'u.request',
    pointOfNoReturn: "IF(u.point_of_no_return, 'true', 'false')",
    detail: 'u.detail',
    progress: 'u.progress',
  },
)}
FROM phasegate_unit u
UNION ALL
SELECT ${row(
  'approval',
  `'id', CAST(a.id AS CHAR), 'migration', a.migration, 'phase', a.phase, 'kind', a.kind, 'gate', a.gate,
    'reason', a.reason, 'fingerprint', a.fingerprint, 'at', ${iso('a.at')}, 'expiresAt', ${iso('a.expires_at')},
    'revokedAt', ${iso('a.revoked_at')}, 'usedAt', ${iso('a.used_at')}`,
  { actor: 'a.actor' },
)}
FROM phasegate_approval a
UNION ALL
SELECT ${row('evidence', `'migration', e.migration, 'phase', e.phase, 'gate', e.gate`, { check: 'e.detail' })}
FROM (SELECT MAX(id) AS id FROM phasegate_evidence GROUP BY migration, phase, gate) l
JOIN phasegate_evidence e ON e.id = l.id
`

/**
 * What an application reads: the journal without builds, since it judges by its own and ten thousand processes that each
 * counted all the others would keep a server busy. One statement, so one read view; a row a record, each of one text, so
 * that no type parser and no name mapper of an application can touch it. No row is gathered into another: JSON_ARRAYAGG has no order on MySQL and
 * ends at group_concat_max_len on MariaDB; JSON_OBJECTAGG has no such end. Nor is anything sorted, which beside JSON ends
 * with error 1038 on MySQL. Locks: metadata locks (SHARED_READ) on our own tables.
 *
 * The latest check of each gate is found by a loose scan of the index \`evidence_latest\` (MySQL Reference Manual, "GROUP
 * BY Optimization"): evidence is append-only, and is not to be read whole at every poll.
 */
export const pollJournalSql = readSql({})

/** As `pollJournalSql`, after the heartbeat of this instance: says whether it is stored. `id` is a literal. */
export const reportJournalSql = (id: string): string =>
  readSql({
    stored: `(SELECT 'true' FROM phasegate_instance s WHERE s.id = ${id} AND s.expires_at > UTC_TIMESTAMP(6))`,
    mark: `JSON_QUOTE(${MARK})`,
  })

/** Says whether the heartbeat of this instance, which came before, is stored, and whether the journal has changed. */
export const glanceAtJournalSql = (id: string): string => `
SELECT CAST(JSON_OBJECT('now', ${iso('UTC_TIMESTAMP(6)')}, 'mark', ${MARK},
  'stored', (SELECT COUNT(*) FROM phasegate_instance s WHERE s.id = ${id}))
AS CHAR) AS glance
`

/** What each build uses and when it was seen. */
const builds = `
UNION ALL
SELECT ${row(
  'build',
  `'digest', b.digest, 'application', b.application, 'firstSeen', ${iso('b.first_seen')},
    'lastSeen', ${iso('COALESCE(i.last_seen, b.first_seen)')}, 'liveInstances', COALESCE(i.live, 0)`,
  {
    uses: `(SELECT JSON_OBJECTAGG(m.name, m.uses)
      FROM JSON_TABLE(b.manifest, '$.migrations[*]'
        COLUMNS (name VARCHAR(255) CHARACTER SET utf8mb4 PATH '$.name', uses VARCHAR(16) PATH '$.appUses')) m
      WHERE m.name IS NOT NULL AND m.uses IS NOT NULL)`,
  },
)}
FROM phasegate_build b
LEFT JOIN (SELECT digest, MAX(last_seen) AS last_seen, SUM(expires_at > UTC_TIMESTAMP(6)) AS live
           FROM phasegate_instance GROUP BY digest) i ON i.digest = b.digest
`

/** As `pollJournalSql`, with the builds that were recorded: the whole journal. */
export const readJournalSql = `${pollJournalSql.trimEnd()}${builds}`
