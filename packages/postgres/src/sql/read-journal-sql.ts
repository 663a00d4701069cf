// Text only: this file is part of the entry `./sql`, which loads neither knex nor pg.

const iso = (expression: string): string =>
  `to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`

/** Classes of our advisory locks, of lanes and of tables, as in session/lane-lock.ts; a test compares them. */
export const ADVISORY_LOCK_CLASSES = [0x70686173, 0x70686174] as const

const holdsLock = `EXISTS (
              SELECT FROM pg_catalog.pg_locks l
              WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted AND l.classid IN (${ADVISORY_LOCK_CLASSES.join(', ')}))`

/**
 * Is the session that is recorded in `of` still there? `backend_start` is null for a role without pg_read_all_stats
 * (PostgreSQL docs: The Cumulative Statistics System, "pg_stat_activity"). Then the advisory lock decides, which every
 * role sees and which a runner holds for as long as it works; a backfill's worker holds a lease instead, and its process
 * id has to do. A standby does not list the sessions of its primary, so nothing is concluded there.
 */
const sessionLives = (of: string, holds: 'lock' | 'lease'): string => `EXISTS (
            SELECT FROM pg_catalog.pg_stat_activity a WHERE a.pid = ${of}.backend_id
              AND (a.backend_start = ${of}.backend_started OR a.backend_start IS NULL${holds === 'lock' ? ` AND ${holdsLock}` : ''}))`

/** Units whose row says that somebody is at work, while nobody is. */
const interrupted = `SELECT u.migration, u.phase FROM at_work u
  WHERE NOT pg_is_in_recovery()
    AND CASE WHEN u.phase = 'backfill'
          THEN NOT ${sessionLives('u', 'lease')}
           AND NOT EXISTS (SELECT FROM phasegate.backfill_range r WHERE r.migration = u.migration AND r.owner IS NOT NULL
                             AND ${sessionLives('r', 'lease')})
          ELSE NOT ${sessionLives('u', 'lock')} END`

/**
 * What each build uses and when it was seen. Instances are gathered first and joined, so that they are read once however
 * many builds there are.
 */
const builds = `(SELECT coalesce(json_agg(json_build_object(
      'digest', b.digest, 'application', b.application, 'firstSeen', ${iso('b.first_seen')},
      'lastSeen', ${iso('coalesce(i.last_seen, b.first_seen)')}, 'liveInstances', coalesce(i.live, 0),
      'uses', (SELECT coalesce(json_object_agg(m ->> 'name', m ->> 'appUses'), '{}')
               FROM jsonb_array_elements(b.manifest -> 'migrations') m WHERE m ->> 'appUses' IS NOT NULL))
    ORDER BY b.first_seen, b.digest), '[]')
    FROM phasegate.build b
    LEFT JOIN (SELECT digest, max(last_seen) AS last_seen, count(*) FILTER (WHERE expires_at > clock_timestamp()) AS live
               FROM phasegate.instance GROUP BY digest) i ON i.digest = b.digest)`

/**
 * Changes with every transition and every decision, which are events, and with what gates have seen. An event that was
 * numbered earlier may be committed later: it changes the sum.
 */
const MARK = `concat_ws('/', (SELECT sum(id) FROM (SELECT id FROM phasegate.event ORDER BY id DESC LIMIT 32) e),
  (SELECT max(id) FROM phasegate.evidence))`

const NO_BUILDS = `'[]'::json`

/** The statement, with what is to be done before and what is said of builds. */
const readSql = (parts: { readonly before: string; readonly builds: string }): string => `
WITH RECURSIVE ${parts.before}latest AS (
  (SELECT e.migration, e.phase, e.gate, e.detail FROM phasegate.evidence e
   ORDER BY e.migration, e.phase, e.gate, e.id DESC LIMIT 1)
  UNION ALL
  SELECT n.migration, n.phase, n.gate, n.detail FROM latest l CROSS JOIN LATERAL (
    SELECT e.migration, e.phase, e.gate, e.detail FROM phasegate.evidence e
    WHERE (e.migration, e.phase, e.gate) > (l.migration, l.phase, l.gate)
    ORDER BY e.migration, e.phase, e.gate, e.id DESC LIMIT 1) n
), at_work AS MATERIALIZED (
  SELECT * FROM phasegate.unit WHERE state IN ('running', 'verifying', 'contracting')
), interrupted AS (
  ${interrupted}
)
SELECT json_build_object(
  'exists', true,
  'version', j.version,
  'target', j.target,
  'database', current_database(),
  'server', json_build_object('dialect', 'postgres', 'version', current_setting('server_version')),
  'now', ${iso('clock_timestamp()')},
  'held', j.held,
  'units', (SELECT coalesce(json_agg(json_build_object(
      'migration', u.migration, 'phase', u.phase,
      'state', CASE WHEN x.migration IS NULL THEN u.state ELSE 'interrupted' END,
      'fingerprint', u.fingerprint, 'attempts', u.attempts, 'actor', u.actor,
      'since', ${iso('u.since')}, 'startedAt', ${iso('u.started_at')}, 'finishedAt', ${iso('u.finished_at')},
      'error', u.error, 'request', u.request, 'pointOfNoReturn', u.point_of_no_return,
      'detail', u.detail, 'progress', u.progress)
    ORDER BY u.migration COLLATE "C", array_position(ARRAY['expand', 'backfill', 'contract'], u.phase)), '[]')
    FROM phasegate.unit u LEFT JOIN interrupted x ON x.migration = u.migration AND x.phase = u.phase),
  'approvals', (SELECT coalesce(json_agg(json_build_object(
      'id', a.id::text, 'migration', a.migration, 'phase', a.phase, 'kind', a.kind, 'gate', a.gate,
      'actor', a.actor, 'reason', a.reason, 'fingerprint', a.fingerprint, 'at', ${iso('a.at')},
      'expiresAt', ${iso('a.expires_at')}, 'revokedAt', ${iso('a.revoked_at')}, 'usedAt', ${iso('a.used_at')})
    ORDER BY a.id), '[]')
    FROM phasegate.approval a),
  'evidence', (SELECT coalesce(json_agg(json_build_object(
      'migration', l.migration, 'phase', l.phase, 'check', l.detail)
    ORDER BY l.migration COLLATE "C", l.phase, l.gate), '[]')
    FROM latest l),
  'builds', ${parts.builds}
)::text AS journal
FROM phasegate.journal j
`

/**
 * Reads the whole journal: one statement, so one snapshot; one row with one column of type text, so that no type parser
 * and no name mapper of an application can touch it. Locks: ACCESS SHARE on our own tables. It holds no `?` and no `$`,
 * which query builders and drivers would take for parameters.
 *
 * The latest check of each gate is found by skipping through the index `evidence_latest`: evidence is append-only, and a
 * DISTINCT ON would read all of it at every poll (PostgreSQL wiki: Loose indexscan). Sessions are looked up for the few
 * units that are at work alone (MATERIALIZED): asked of every unit, the estimate rises above `jit_above_cost`, and each
 * poll would be compiled.
 */
export const readJournalSql = readSql({ before: '', builds })

/**
 * As `readJournalSql`, without builds: what an application reads, which judges by its own. Ten thousand processes that each
 * counted all the others would keep a server busy.
 */
export const pollJournalSql = readSql({ before: '', builds: NO_BUILDS })

/** As `pollJournalSql`; `beat`, a common table expression with a row for what was stored, is carried out with it. */
export const reportJournalSql = (beat: string): string =>
  readSql({
    before: `beat AS (${beat}), `,
    builds: `${NO_BUILDS}, 'stored', EXISTS (SELECT FROM beat), 'mark', ${MARK}`,
  })

/** Stores a heartbeat by `beat`, with a row for what was stored, and says whether the journal has changed. */
export const glanceAtJournalSql = (beat: string): string => `
WITH beat AS (${beat})
SELECT json_build_object('now', ${iso('clock_timestamp()')}, 'stored', EXISTS (SELECT FROM beat), 'mark', ${MARK})::text AS glance
`
