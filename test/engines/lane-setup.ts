import { readFileSync } from 'node:fs'
import type { MysqlTool } from '../support/engine-tools.js'
import { createProject, type Project } from '../support/project.js'
import { type AnyDatabase, createDatabase, type SharedMysql } from '../support/servers.js'

export const NAME = '20261122093000_phone'
export const ROWS = 60_000

const DIGITS = [...Array(10).keys()].map((i) => `SELECT ${i} AS i`).join(' UNION ALL ')

/** A table of users with so many rows. */
export async function usersOn(server: SharedMysql, rows = ROWS): Promise<AnyDatabase> {
  const db = await createDatabase(server)
  await db.query(
    'CREATE TABLE users (id bigint AUTO_INCREMENT PRIMARY KEY, email varchar(80) NOT NULL, n int NOT NULL)',
  )
  await db.query(`INSERT INTO users (email, n) SELECT CONCAT('u', g.n, '@example.com'), 0
    FROM (SELECT a.i + b.i * 10 + c.i * 100 + d.i * 1000 + e.i * 10000 AS n
          FROM ${['a', 'b', 'c', 'd', 'e'].map((name) => `(${DIGITS}) ${name}`).join(', ')}) g WHERE g.n < ${rows}`)
  return db
}

/** The reference article's change, by that tool. */
export function phoneBy(tool: MysqlTool, more: Readonly<Record<string, string>> = {}): Project {
  const text = `-- engine: ${tool}\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n`
  return createProject({ [`phasegate/${NAME}.sql`]: text, ...more })
}

/** A pace at which a copy lasts for some seconds, so that something can happen meanwhile. */
export function slowConfig(tool: MysqlTool): string {
  const given = {
    'gh-ost': ['--chunk-size=500', '--nice-ratio=20'],
    'pt-osc': ['--chunk-size=500', '--sleep=0.2'],
  }[tool]
  return `import { defineConfig } from 'phasegate'
    export default defineConfig({ engines: { '${tool}': { arguments: ${JSON.stringify(given)} } } })`
}

export async function hasPhone(db: AnyDatabase): Promise<boolean> {
  const found = await db.query(`SELECT 1 FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'phone'`)
  return found.length > 0
}

/** Tables and triggers that are none of the migration's or the journal's. */
export async function leftoversIn(db: AnyDatabase, ours: readonly string[] = []): Promise<readonly string[]> {
  const tables = await db.query(`SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name NOT LIKE 'phasegate%' AND table_name <> 'users'`)
  const triggers = await db.query(`SELECT trigger_name AS name FROM information_schema.triggers
    WHERE trigger_schema = DATABASE()`)
  return [...tables, ...triggers].map(({ name }) => String(name)).filter((name) => !ours.includes(name))
}

/** What the journal keeps of engines. */
export async function runsOf(db: AnyDatabase): Promise<readonly (readonly [engine: string, run: unknown])[]> {
  const rows = await db.query(
    "SELECT engine, CAST(detail AS CHAR) AS detail FROM phasegate_step WHERE engine <> 'native'",
  )
  return rows.map(({ engine, detail }) => [String(engine), JSON.parse(String(detail)).run])
}

/** One that has ended and that nobody has waited for is not. */
export function isRunning(pid: number): boolean {
  const stat = readOrNothing(`/proc/${pid}/stat`)
  return stat !== '' && !/^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')))
}

/** As far as it can be read: a process may end meanwhile. */
export function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
