import { expect } from 'vitest'
import { counts } from '../backfill/backfill-setup.js'
import { createDatabase } from '../support/create-database.js'
import { createProject } from '../support/project.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { type AnyDatabase, type AnyServer, startPrivateServer } from '../support/servers.js'
import { createSmallDisk } from '../support/small-disk.js'
import { type SqlWords, wordsOf } from '../support/sql-words.js'

export const MB = 1024 * 1024
const NAME = '20261122093000_fill'
export const ROWS = 20_000

/** Rows grow by 300 bytes, and one that is changed twice shows. */
const MIGRATION = `
import { defineMigration, sql } from 'phasegate'
export default defineMigration({
  appUses: 'new',
  expand: ({ ops }) => [ops.addColumn('items', 'pad', 'varchar(300)')],
  backfill: { table: 'items', set: { n: sql\`n + 1\`, pad: sql\`repeat('x', 300)\` }, once: true, batch: { size: 500 } },
})
`

const itemsSql = (words: SqlWords): string => `
  CREATE TABLE items (id bigint PRIMARY KEY, n integer NOT NULL DEFAULT 0);
  INSERT INTO items (id) SELECT g FROM ${words.numbers(ROWS)};`

export interface Ended {
  readonly units: readonly { readonly outcome: string; readonly error?: unknown }[]
}

type Run = (...args: string[]) => Promise<CliResult>

/** A server on a disk of its own, with `items` and a project that is expanded. */
export async function openOnSmallDisk({ family }: AnyServer, settings: Readonly<Record<string, string>> = {}) {
  const disk = createSmallDisk(400 * MB)
  const own = await startPrivateServer(
    family === 'postgres'
      ? // One that has panicked does not come back by itself, to a disk that is full still.
        { version: 18, folder: disk.path, settings: { checkpoint_timeout: '1h', restart_after_crash: 'off' } }
      : { family, folder: disk.path, settings: { ...SMALL_LOG[family], ...settings } },
  )
  const db: AnyDatabase = await createDatabase(own, { name: 'small', sql: itemsSql(wordsOf(own)) })
  const project = createProject({ [`phasegate/${NAME}.ts`]: MIGRATION })
  const options = { env: { DATABASE_URL: db.url }, timeout: 120_000 }
  const run: Run = (...args) => runCli(project, args, options)
  const start = (...args: string[]) => startCli(project, args, options)
  expect((await run('expand')).code).toBe(0)
  return { disk, own, db, run, start }
}

const SMALL_LOG = { mariadb: { 'innodb-log-file-size': '16M' }, mysql: { 'innodb-redo-log-capacity': '16M' } }

/** Writes until so many bytes are left in the file of 16 MB that the server's log is in; the next one needs room. */
export async function leaveInLog(db: AnyDatabase, bytes: number): Promise<void> {
  await db.query('SELECT pg_switch_wal()')
  // Committed for sure, so that none of it is written later; no checkpoint, which would keep an old file for the next one.
  await db.query(`SET synchronous_commit = on;
    SELECT pg_logical_emit_message(true, 'test', repeat('x', ${16 * MB - bytes}))`)
}

export async function progressOf(run: Run) {
  const status = (await run('status', '--json')).json<{ migrations: readonly { phases: Record<string, Shown> }[] }>()
  const shown = status.migrations[0]?.phases.backfill
  return { shown, done: shown?.progress?.done ?? 0 }
}

interface Shown {
  readonly state: string
  readonly error: unknown
  readonly progress: { readonly done: number } | null
}

export async function assertWhole(db: AnyDatabase, run: Run): Promise<void> {
  expect(await counts(db)).toEqual({ '1': ROWS })
  expect((await progressOf(run)).shown).toMatchObject({
    state: 'applied',
    error: null,
    verified: { proof: 'ranges whole', rows: ROWS, passes: 1 },
    quarantine: null,
  })
  expect((await run('verify')).code).toBe(0)
}
