/** Version of the journal's tables. Within a major it only grows, so that old pods read it while a new runner upgrades. */
export const JOURNAL_VERSION = 4

/**
 * Names compare byte by byte, as PostgreSQL's COLLATE "C" does. The row format is named because it allows keys of 3072
 * bytes where a server's default does not (MySQL Reference Manual, "InnoDB Limits").
 */
const TABLE = 'ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin'

/** A statement that cannot be run again: left out where `done` gives a row. */
export interface GuardedStatement {
  readonly statement: string
  readonly done: string
}

const addColumn = (table: string, column: string, definition: string): GuardedStatement => ({
  statement: `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`,
  done: `SELECT 1 AS there FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = '${table}' AND column_name = '${column}'`,
})

/**
 * One list of statements a version, applied in order by `ensure` under the journal lock. DDL commits by itself here, so
 * each statement may be run again, and the last one of a list is what makes the version: a run that died between any two
 * is finished by the next. Times are UTC without saying so. Locks: only new tables of our own.
 */
export const JOURNAL_MIGRATIONS: readonly (readonly (string | GuardedStatement)[])[] = [
  [
    `
    CREATE TABLE IF NOT EXISTS phasegate_unit (
      migration          VARCHAR(255) NOT NULL,
      phase              VARCHAR(8) NOT NULL CHECK (phase IN ('expand', 'backfill', 'contract')),
      state              VARCHAR(16) NOT NULL,
      fingerprint        VARCHAR(255) NOT NULL,
      attempts           INT NOT NULL DEFAULT 0,
      actor              JSON,
      since              DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
      started_at         DATETIME(6),
      finished_at        DATETIME(6),
      error              JSON,
      request            JSON,                   -- {action: pause|cancel, now}
      point_of_no_return TINYINT(1) NOT NULL DEFAULT 0,
      backend_id         BIGINT UNSIGNED,        -- the session that runs it
      backend_started    VARCHAR(64),            -- its token, which its lock is named after
      detail             JSON NOT NULL DEFAULT ('{}'),
      progress           JSON,
      PRIMARY KEY (migration, phase)
    ) ${TABLE}`,
    `
    CREATE TABLE IF NOT EXISTS phasegate_step (
      migration        VARCHAR(255) NOT NULL,
      phase            VARCHAR(8) NOT NULL,
      direction        VARCHAR(8) NOT NULL CHECK (direction IN ('apply', 'revert')),
      position         INT NOT NULL,
      statement        LONGTEXT NOT NULL,
      hash             VARCHAR(255) NOT NULL,
      written          LONGTEXT NOT NULL,
      spec             JSON NOT NULL,            -- execution, lock, destroys, opaque
      engine           VARCHAR(32) NOT NULL DEFAULT 'native',
      state            VARCHAR(16) NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'started', 'done')),
      backend_id       BIGINT UNSIGNED,
      backend_started  VARCHAR(64),
      started_at       DATETIME(6),
      finished_at      DATETIME(6),
      detail           JSON NOT NULL DEFAULT ('{}'),
      PRIMARY KEY (migration, phase, direction, position)
    ) ${TABLE}`,
    `
    CREATE TABLE IF NOT EXISTS phasegate_backfill_range (
      migration       VARCHAR(255) NOT NULL,
      ordinal         INT NOT NULL,
      upper           LONGTEXT NOT NULL,
      \`cursor\`        LONGTEXT,
      rows_done       BIGINT NOT NULL DEFAULT 0,
      owner           VARCHAR(255),
      backend_id      BIGINT UNSIGNED,
      backend_started VARCHAR(64),
      epoch           BIGINT NOT NULL DEFAULT 0,
      lease_expires   DATETIME(6),
      PRIMARY KEY (migration, ordinal)
    ) ${TABLE}`,
    `
    CREATE TABLE IF NOT EXISTS phasegate_evidence (
      id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      migration   VARCHAR(255) NOT NULL,
      phase       VARCHAR(8) NOT NULL,
      gate        VARCHAR(255) NOT NULL,
      verdict     VARCHAR(16) NOT NULL,
      reason      TEXT NOT NULL,
      detail      JSON NOT NULL,                 -- the whole check
      observed_at DATETIME(6) NOT NULL,
      expires_at  DATETIME(6),
      KEY evidence_latest (migration, phase, gate, id)
    ) ${TABLE}`,
    `
    CREATE TABLE IF NOT EXISTS phasegate_approval (
      id          BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      migration   VARCHAR(255) NOT NULL,
      phase       VARCHAR(8) NOT NULL,
      kind        VARCHAR(16) NOT NULL CHECK (kind IN ('approval', 'override')),
      gate        VARCHAR(255),
      actor       JSON NOT NULL,
      reason      TEXT NOT NULL,
      fingerprint VARCHAR(255) NOT NULL,
      at          DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
      expires_at  DATETIME(6),
      revoked_at  DATETIME(6),
      revoked_by  JSON,
      used_at     DATETIME(6),
      KEY approval_of_unit (migration, phase)
    ) ${TABLE}`,
    `
    CREATE TABLE IF NOT EXISTS phasegate_build (
      digest      VARCHAR(255) NOT NULL PRIMARY KEY,
      application VARCHAR(255) NOT NULL,
      manifest    JSON NOT NULL,
      first_seen  DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))
    ) ${TABLE}`,
    `
    CREATE TABLE IF NOT EXISTS phasegate_instance (
      id         VARCHAR(255) NOT NULL PRIMARY KEY,
      digest     VARCHAR(255) NOT NULL,
      draining   TINYINT(1) NOT NULL DEFAULT 0,
      first_seen DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
      last_seen  DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
      expires_at DATETIME(6) NOT NULL
    ) ${TABLE}`,
    `
    CREATE TABLE IF NOT EXISTS phasegate_event (
      id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      at        DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
      migration VARCHAR(255),
      phase     VARCHAR(8),
      type      VARCHAR(64) NOT NULL,
      actor     JSON NOT NULL,
      detail    JSON NOT NULL DEFAULT ('{}')
    ) ${TABLE}`,
    `
    -- One row: what is true of the whole target.
    CREATE TABLE IF NOT EXISTS phasegate_journal (
      only_row     TINYINT(1) NOT NULL DEFAULT 1 PRIMARY KEY CHECK (only_row = 1),
      target       VARCHAR(64) NOT NULL,         -- which database this is, for saved plans
      version      INT NOT NULL,
      created_at   DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
      held         JSON                          -- {actor, reason, at}: no backfill runs while it is set
    ) ${TABLE}`,
    'INSERT INTO phasegate_journal (target, version) VALUES (UUID(), 1)',
  ],
  // Backfills by several workers.
  [
    // 0, then one for each catch-up; a pass was one range.
    addColumn('phasegate_backfill_range', 'pass', 'INT NOT NULL DEFAULT 0'),
    'UPDATE phasegate_backfill_range SET pass = ordinal',
    // Keys passed, changed or not.
    addColumn('phasegate_backfill_range', 'keys_done', 'BIGINT NOT NULL DEFAULT 0'),
    // {maxRowsPerSecond}: asked for while it runs.
    addColumn('phasegate_unit', 'pace', 'JSON'),
    // Rows that a backfill could not change and went past (onError: 'quarantine').
    `
    CREATE TABLE IF NOT EXISTS phasegate_quarantine (
      migration VARCHAR(255) NOT NULL,
      digest    CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- SHA-256 of the key, hex
      \`key\`     LONGTEXT NOT NULL,
      error     JSON NOT NULL,
      at        DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
      PRIMARY KEY (migration, digest)
    ) ${TABLE}`,
    'UPDATE phasegate_journal SET version = 2',
  ],
  // Instances that report.
  [
    // Whom it reports as, and from where: what its sessions are known by.
    addColumn('phasegate_instance', 'role', 'VARCHAR(255)'),
    addColumn('phasegate_instance', 'client', 'VARCHAR(255)'),
    {
      statement: 'CREATE INDEX unit_state ON phasegate_unit (state)',
      done: `SELECT 1 AS there FROM information_schema.statistics
        WHERE table_schema = DATABASE() AND table_name = 'phasegate_unit' AND index_name = 'unit_state'`,
    },
    'UPDATE phasegate_journal SET version = 3',
  ],
  // An approval may be for one client alone (in `gate`). An older runner would take it for one of the whole unit, and is kept out.
  ['UPDATE phasegate_journal SET version = 4'],
]
