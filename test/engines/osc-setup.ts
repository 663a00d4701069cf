import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { processesIn } from '../support/mysql-processes.js'
import { createProject, type Project } from '../support/project.js'
import type { AnyDatabase } from '../support/servers.js'

export const NAME = '20261122093000_wide'

/** A change for which the server would copy the table: a wider type. */
export const ALTER = 'ALTER TABLE users MODIFY n bigint NOT NULL DEFAULT 0, ADD COLUMN phone varchar(20)'

/**
 * A project whose expand makes that change by pt-online-schema-change.
 *
 * @param slow so many seconds of sleep between chunks of 1000 rows
 */
export function oscProject(
  tool: string,
  options: { readonly alter?: string; readonly slow?: number; readonly more?: readonly string[] } = {},
): Project {
  const { alter = ALTER, slow, more = [] } = options
  const given = [...(slow === undefined ? [] : ['--chunk-size=1000', `--sleep=${slow}`]), ...more]
  return createProject({
    'phasegate.config.ts': `import { defineConfig } from 'phasegate'
      export default defineConfig({
        database: process.env.DATABASE_URL,
        engines: { prefer: ['pt-osc'], 'pt-osc': { path: ${JSON.stringify(tool)}, arguments: ${JSON.stringify(given)} } },
      })`,
    [`phasegate/${NAME}.sql`]: `-- app-uses: new\n-- engine: pt-osc\n-- phase: expand\n-- allow: PHASE.TIGHTENS because a test\n${alter};\n`,
  })
}

/** Nothing of the tool is in the database: no trigger, table or session. */
export async function leftBehind(db: AnyDatabase): Promise<readonly string[]> {
  const rows = await db.query(
    `SELECT CONCAT('trigger ', trigger_name) AS what FROM information_schema.triggers WHERE trigger_schema = DATABASE()
     UNION ALL SELECT CONCAT('table ', table_name) FROM information_schema.tables
       WHERE table_schema = DATABASE() AND table_name LIKE '\\_%'`,
  )
  const sessions = (await processesIn(db)).filter(({ Info }) => Info?.includes('pt-online-schema-change'))
  return [...rows.map(({ what }) => String(what)), ...sessions.map(({ Id, Info }) => `session ${Id} ${Info}`)]
}

/** A session that is told to end is in the list for a moment. */
export async function assertNothingLeft(db: AnyDatabase): Promise<void> {
  for (const until = Date.now() + 3000; (await leftBehind(db)).length > 0 && Date.now() < until; ) await sleep(50)
  expect(await leftBehind(db)).toEqual([])
}

/** `bigint` when the change is there. */
export async function typeOfN(db: AnyDatabase): Promise<string> {
  const [row] = await db.query(
    `SELECT data_type AS type FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'n'`,
  )
  return String(row?.type)
}
