/** Version of the journal's tables. Within a major it only grows, so that old pods read it while a new runner upgrades. */
export const JOURNAL_VERSION = 4

/**
 * One script a version, applied in order by `ensure` under the journal lock, each in one transaction. Locks: only new
 * tables in our own schema.
 */
export const JOURNAL_MIGRATIONS: readonly string[] = [
  `
  CREATE SCHEMA IF NOT EXISTS phasegate;

  -- One row: what is true of the whole target.
  CREATE TABLE phasegate.journal (
    only_row     boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    target       text NOT NULL DEFAULT gen_random_uuid(), -- which database this is, for saved plans
    version      integer NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    held         jsonb                       -- {actor, reason, at}: no backfill runs while it is set
  );

  CREATE TABLE phasegate.unit (
    migration          text NOT NULL,
    phase              text NOT NULL CHECK (phase IN ('expand', 'backfill', 'contract')),
    state              text NOT NULL,
    fingerprint        text NOT NULL,
    attempts           integer NOT NULL DEFAULT 0,
    actor              jsonb,
    since              timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at         timestamptz,
    finished_at        timestamptz,
    error              jsonb,
    request            jsonb,                -- {action: pause|cancel, now}
    point_of_no_return boolean NOT NULL DEFAULT false,
    backend_id         integer,              -- the session that runs it
    backend_started    timestamptz,
    detail             jsonb NOT NULL DEFAULT '{}',
    progress           jsonb,
    PRIMARY KEY (migration, phase)
  );

  CREATE TABLE phasegate.step (
    migration        text NOT NULL,
    phase            text NOT NULL,
    direction        text NOT NULL CHECK (direction IN ('apply', 'revert')),
    position         integer NOT NULL,
    statement        text NOT NULL,
    hash             text NOT NULL,
    written          text NOT NULL,
    spec             jsonb NOT NULL,         -- execution, lock, destroys, opaque
    engine           text NOT NULL DEFAULT 'native',
    state            text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'started', 'done')),
    backend_id       integer,
    backend_started  timestamptz,
    started_at       timestamptz,
    finished_at      timestamptz,
    detail           jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (migration, phase, direction, position)
  );

  CREATE TABLE phasegate.backfill_range (
    migration       text NOT NULL,
    ordinal         integer NOT NULL,
    upper           text NOT NULL,
    cursor          text,
    rows_done       bigint NOT NULL DEFAULT 0,
    owner           text,
    backend_id      integer,
    backend_started timestamptz,
    epoch           bigint NOT NULL DEFAULT 0,
    lease_expires   timestamptz,
    PRIMARY KEY (migration, ordinal)
  ) WITH (fillfactor = 50);                  -- one row updated a batch: keep the updates on its page

  CREATE TABLE phasegate.evidence (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    migration   text NOT NULL,
    phase       text NOT NULL,
    gate        text NOT NULL,
    verdict     text NOT NULL,
    reason      text NOT NULL,
    detail      jsonb NOT NULL,              -- the whole check
    observed_at timestamptz NOT NULL,
    expires_at  timestamptz
  );
  CREATE INDEX evidence_latest ON phasegate.evidence (migration, phase, gate, id DESC);

  CREATE TABLE phasegate.approval (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    migration   text NOT NULL,
    phase       text NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('approval', 'override')),
    gate        text,
    actor       jsonb NOT NULL,
    reason      text NOT NULL,
    fingerprint text NOT NULL,
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at  timestamptz,
    revoked_at  timestamptz,
    revoked_by  jsonb,
    used_at     timestamptz
  );
  CREATE INDEX approval_of_unit ON phasegate.approval (migration, phase);

  CREATE TABLE phasegate.build (
    digest      text PRIMARY KEY,
    application text NOT NULL,
    manifest    jsonb NOT NULL,
    first_seen  timestamptz NOT NULL DEFAULT clock_timestamp()
  );

  CREATE TABLE phasegate.instance (
    id         text PRIMARY KEY,
    digest     text NOT NULL,
    draining   boolean NOT NULL DEFAULT false,
    first_seen timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen  timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
  );

  CREATE TABLE phasegate.event (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    migration text,
    phase     text,
    type      text NOT NULL,
    actor     jsonb NOT NULL,
    detail    jsonb NOT NULL DEFAULT '{}'
  );

  INSERT INTO phasegate.journal (version) VALUES (1);
  `,
  // Backfills by several workers. Locks: ACCESS EXCLUSIVE on two small tables of ours, for a moment.
  `
  ALTER TABLE phasegate.backfill_range
    ADD COLUMN pass      integer NOT NULL DEFAULT 0,  -- 0, then one for each catch-up
    ADD COLUMN keys_done bigint NOT NULL DEFAULT 0;   -- keys passed, changed or not
  UPDATE phasegate.backfill_range SET pass = ordinal; -- a pass was one range

  ALTER TABLE phasegate.unit ADD COLUMN pace jsonb;   -- {maxRowsPerSecond}: asked for while it runs

  -- Rows that a backfill could not change and went past (onError: 'quarantine').
  CREATE TABLE phasegate.quarantine (
    migration text NOT NULL,
    digest    text NOT NULL,                          -- SHA-256 of the key, hex: a key may be longer than an index takes
    key       text NOT NULL,
    error     jsonb NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (migration, digest)
  );
  `,
  // Instances that report. Locks: ACCESS EXCLUSIVE and SHARE on small tables of ours, for a moment.
  `
  ALTER TABLE phasegate.instance
    ADD COLUMN role   text,                           -- whom it reports as, and from where: what its sessions are known by
    ADD COLUMN client text;
  ALTER TABLE phasegate.instance SET (fillfactor = 50); -- one row updated a poll: keep the updates on its page
  CREATE INDEX unit_at_work ON phasegate.unit (state) WHERE state IN ('running', 'verifying', 'contracting', 'paused');
  `,
  // An approval may be for one client alone. An older runner would take it for one of the whole unit, and is kept out.
  `
  COMMENT ON COLUMN phasegate.approval.gate IS 'of an override: the gate; of an approval: the client that it is for, or null';
  `,
]
