-- The journal of version 1 as it was released: what databases in the field were made by. Never changed.
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
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

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
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS phasegate_backfill_range (
  migration       VARCHAR(255) NOT NULL,
  ordinal         INT NOT NULL,
  upper           LONGTEXT NOT NULL,
  `cursor`        LONGTEXT,
  rows_done       BIGINT NOT NULL DEFAULT 0,
  owner           VARCHAR(255),
  backend_id      BIGINT UNSIGNED,
  backend_started VARCHAR(64),
  epoch           BIGINT NOT NULL DEFAULT 0,
  lease_expires   DATETIME(6),
  PRIMARY KEY (migration, ordinal)
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

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
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

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
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS phasegate_build (
  digest      VARCHAR(255) NOT NULL PRIMARY KEY,
  application VARCHAR(255) NOT NULL,
  manifest    JSON NOT NULL,
  first_seen  DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6))
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS phasegate_instance (
  id         VARCHAR(255) NOT NULL PRIMARY KEY,
  digest     VARCHAR(255) NOT NULL,
  draining   TINYINT(1) NOT NULL DEFAULT 0,
  first_seen DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  last_seen  DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  expires_at DATETIME(6) NOT NULL
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS phasegate_event (
  id        BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  at        DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  migration VARCHAR(255),
  phase     VARCHAR(8),
  type      VARCHAR(64) NOT NULL,
  actor     JSON NOT NULL,
  detail    JSON NOT NULL DEFAULT ('{}')
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- One row: what is true of the whole target.
CREATE TABLE IF NOT EXISTS phasegate_journal (
  only_row     TINYINT(1) NOT NULL DEFAULT 1 PRIMARY KEY CHECK (only_row = 1),
  target       VARCHAR(64) NOT NULL,         -- which database this is, for saved plans
  version      INT NOT NULL,
  created_at   DATETIME(6) NOT NULL DEFAULT (UTC_TIMESTAMP(6)),
  held         JSON                          -- {actor, reason, at}: no backfill runs while it is set
) ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT INTO phasegate_journal (target, version) VALUES (UUID(), 1);
