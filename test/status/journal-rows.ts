import type { BuildManifest } from '@phasegate/status'
import { JOURNAL_MIGRATIONS as MYSQL_JOURNAL } from '../../packages/mysql/src/journal/journal-schema.js'
import { JOURNAL_MIGRATIONS, JOURNAL_VERSION } from '../../packages/postgres/src/journal/journal-schema.js'
import type { AnyDatabase, DatabaseTemplate, Family } from '../support/servers.js'

export const EMAIL = '20261122093000_email_verified'

export const WITH_JOURNAL: DatabaseTemplate = {
  name: 'journal',
  sql: `${JOURNAL_MIGRATIONS.join('\n')} UPDATE phasegate.journal SET version = ${JOURNAL_VERSION};`,
}

/** The same on MySQL and MariaDB. */
export const WITH_MYSQL_JOURNAL: DatabaseTemplate = {
  name: 'journal',
  sql: MYSQL_JOURNAL.flat()
    .map((entry) => (typeof entry === 'string' ? entry : entry.statement))
    .join(';\n'),
}

/** The journal as it was before instances reported, on each server. */
export const JOURNAL_2: Readonly<Record<Family, DatabaseTemplate>> = (() => {
  const postgres = `${JOURNAL_MIGRATIONS.slice(0, 2).join('\n')} UPDATE phasegate.journal SET version = 2;`
  const mysql = MYSQL_JOURNAL.slice(0, 2)
    .flat()
    .map((entry) => (typeof entry === 'string' ? entry : entry.statement))
    .join(';\n')
  const template = (sql: string): DatabaseTemplate => ({ name: 'journal_2', sql })
  return { postgres: template(postgres), mysql: template(mysql), mariadb: template(mysql) }
})()

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

const ON_MYSQL = `INSERT INTO phasegate_unit (migration, phase, state, fingerprint) VALUES (?, ?, ?, '1:a')
  ON DUPLICATE KEY UPDATE state = VALUES(state)`

const RECORD_UNIT: Readonly<Record<Family, string>> = {
  postgres: `INSERT INTO phasegate.unit (migration, phase, state, fingerprint) VALUES ($1, $2, $3, '1:a')
    ON CONFLICT (migration, phase) DO UPDATE SET state = excluded.state`,
  mysql: ON_MYSQL,
  mariadb: ON_MYSQL,
}

/** Writes units as a runner leaves them: `{ '…:expand': 'applied' }`. */
export async function recordUnits(
  database: Pick<AnyDatabase, 'family' | 'query'>,
  units: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [unit, state] of Object.entries(units)) {
    const [migration, phase] = unit.split(':')
    await database.query(RECORD_UNIT[database.family], [migration, phase, state])
  }
}
