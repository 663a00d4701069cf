import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { findPtOsc, movesKeysFirst } from '../support/pt-osc.js'
import { type CliResult, runCli, startCli } from '../support/run-cli.js'
import { createRandom } from '../support/seed.js'
import { type AnyDatabase, describeWithPtOsc } from '../support/servers.js'
import { killAt, untilKilled, VICTIMS } from './kill-at.js'
import { assertKeysPoint, foreignKeyRound, orphansIn, referencedDatabase } from './osc-foreign-keys.js'
import { assertNothingLeft, oscProject, typeOfN } from './osc-setup.js'

const LONG = ['expand', '--long']
const ALTER = 'ALTER TABLE users MODIFY n bigint NOT NULL DEFAULT 0'

async function pointsAt(db: AnyDatabase): Promise<readonly string[]> {
  const rows = await db.query(
    'SELECT referenced_table_name AS t FROM information_schema.referential_constraints WHERE constraint_schema = DATABASE()',
  )
  return rows.map(({ t }) => String(t))
}

describeWithPtOsc('pt-online-schema-change, foreign keys point at the table', (server, tool) => {
  const random = createRandom('pt-osc foreign keys')
  /** Such a tool is refused. */
  const keysFirst = movesKeysFirst(tool)
  test.skipIf(keysFirst).for(VICTIMS)(
    'SIGKILL of %s: the same command finishes, nothing is lost or left, and the keys point at the table',
    { timeout: 600_000, retry: 0 },
    (victim) => untilKilled(1, () => foreignKeyRound(server, tool, random, victim)),
  )

  test.skipIf(keysFirst)(
    'killed between its swap and its keys: they are turned, and rows that refer to nobody are told',
    async () => {
      const db = await referencedDatabase(server, 2000)
      const project = oscProject(tool, { alter: ALTER, slow: 0.3 })
      const expand = (): Promise<CliResult> => runCli(project, LONG, { env: { DATABASE_URL: db.url } })
      const cli = startCli(project, LONG, { env: { DATABASE_URL: db.url } })
      await cli.waitFor(/process \d+/)
      const holder = await db.open()
      await holder.query('BEGIN; SELECT 1 FROM visits LIMIT 1')
      while ((await pointsAt(db)).every((table) => table === 'users')) await sleep(20)
      // What refers to it is left behind: the key of visits watches the old table still.
      await db.query('DELETE FROM users WHERE id = 15')
      expect(await killAt(cli, 0, 'both')).toBe(true)
      await cli.ended
      await holder.query('ROLLBACK')
      const again = await expand()
      expect(again.code).toBe(9)
      expect(again.stdout + again.stderr).toMatch(
        /ENGINE\.ORPHANS: Rows refer to rows of users that are not there: 1 of .*\.visits/,
      )
      await assertKeysPoint(db)
      expect(await orphansIn(db)).toBe(1)
      await db.query('UPDATE visits SET visitor = NULL WHERE visitor = 15')
      const third = await expand()
      expect(third.code, third.stderr + third.stdout).toBe(0)
      await assertKeysPoint(db)
      expect(await orphansIn(db)).toBe(0)
      expect(await typeOfN(db)).toBe('bigint')
      await assertNothingLeft(db)
    },
  )

  const newer = [tool, findPtOsc('mysql')].find((file) => file !== undefined && movesKeysFirst(file))
  test.skipIf(newer === undefined)('a tool that moves keys to its copy first: refused', async () => {
    const db = await referencedDatabase(server, 100)
    const result = await runCli(oscProject(newer!, { alter: ALTER }), LONG, { env: { DATABASE_URL: db.url } })
    expect(result.stdout + result.stderr).toMatch(/ENGINE\.REFUSED.*owner of orders, visitor of visits.*delete rows/s)
    await assertKeysPoint(db)
    await assertNothingLeft(db)
  })
})
