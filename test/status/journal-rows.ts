import type { BuildManifest } from '@phasegate/status'
import { JOURNAL_MIGRATIONS } from '../../packages/postgres/src/journal/journal-schema.js'
import type { DatabaseTemplate, TestDatabase } from '../support/servers.js'

export const EMAIL = '20261122093000_email_verified'

export const WITH_JOURNAL: DatabaseTemplate = { name: 'journal', sql: JOURNAL_MIGRATIONS.join('\n') }

/** A build that knows one migration of three phases. */
export function manifestThatUses(appUses: 'old' | 'both' | 'new'): BuildManifest {
  return {
    schemaVersion: 1,
    application: 'api',
    build: 'abc123',
    createdAt: '2026-11-22T09:30:00Z',
    digest: 'd1',
    migrations: [
      {
        name: EMAIL,
        phases: ['expand', 'backfill', 'contract'],
        appUses,
        fingerprints: { expand: '1:a', backfill: '1:b' },
      },
    ],
  }
}

/** Writes units as a runner leaves them: `{ '…:expand': 'applied' }`. */
export async function recordUnits(
  database: Pick<TestDatabase, 'query'>,
  units: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [unit, state] of Object.entries(units)) {
    const [migration, phase] = unit.split(':')
    await database.query(
      `INSERT INTO phasegate.unit (migration, phase, state, fingerprint) VALUES ($1, $2, $3, '1:a')
       ON CONFLICT (migration, phase) DO UPDATE SET state = excluded.state`,
      [migration, phase, state],
    )
  }
}
