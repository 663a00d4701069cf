import type { AppUses, BuildManifest } from '@phasegate/core'

/** A journal in which nearly everything that can be there is there, in the words of PostgreSQL. */
export const MIGRATIONS = 10_000
export const INSTANCES = 10_000

const name = (n: string): string => `'20260101' || lpad(${n}::text, 6, '0') || '_migration'`

/** Statements that fill the journal: every unit applied, what the gates of each contract saw, and instances of ten builds. */
export const LARGE_JOURNAL = `
INSERT INTO phasegate.unit (migration, phase, state, fingerprint, attempts, actor, started_at, finished_at, detail)
SELECT ${name('g')}, p, 'applied', '1:' || md5(g || p), 1, '{"by": "deploy", "through": {"user": "deploy", "host": "ci-1"}}',
  clock_timestamp(), clock_timestamp(), '{"steps": 1}'
FROM generate_series(1, ${MIGRATIONS}) g, unnest(ARRAY['expand', 'backfill', 'contract']) p;
INSERT INTO phasegate.evidence (migration, phase, gate, verdict, reason, detail, observed_at)
SELECT ${name('g')}, 'contract', gate, 'open', 'nothing uses it',
  json_build_object('name', gate, 'state', 'open', 'reason', 'nothing uses it', 'observedAt', '2026-11-22T12:00:00Z'), clock_timestamp()
FROM generate_series(1, ${MIGRATIONS}) g, unnest(ARRAY['expandApplied', 'backfillApplied', 'appUsesNew', 'noInstanceUsesOld', 'backfillVerified']) gate;
INSERT INTO phasegate.build (digest, application, manifest)
SELECT 'sha256:other-' || b, 'api', '{"migrations": []}' FROM generate_series(1, 10) b;
INSERT INTO phasegate.instance (id, digest, expires_at, role, client)
SELECT 'other-' || g, 'sha256:other-' || g % 10, clock_timestamp() + interval '1 day', 'app', '10.0.0.1'
FROM generate_series(1, ${INSTANCES}) g;
ANALYZE phasegate.unit, phasegate.evidence, phasegate.instance;
`

/** A build that knows all of them. */
export function largeManifest(): BuildManifest {
  const phases = ['expand', 'backfill', 'contract'] as const
  const appUses: AppUses = 'new'
  return {
    schemaVersion: 1,
    application: 'api',
    build: 'abc123',
    createdAt: '2026-11-22T09:30:00Z',
    digest: 'sha256:large',
    migrations: Array.from({ length: MIGRATIONS }, (_, n) => ({
      name: `20260101${String(n + 1).padStart(6, '0')}_migration`,
      phases,
      appUses,
      fingerprints: {},
    })),
  }
}
