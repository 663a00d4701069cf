import { expect, test } from 'vitest'
import { said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { describeWithTool, type MysqlDatabase, type RunningMysql, startPrivateServer } from '../support/servers.js'
import { assertNothingLost, columnsOf, ghostDatabase, leftIn } from './ghost-setup.js'

const ROWS = 2000

/** What the server does while gh-ost holds its cut-over. */
const DISTURBANCES: Readonly<Record<string, (own: RunningMysql, db: MysqlDatabase) => Promise<unknown>>> = {
  'its binary log goes on in another file, and the older ones are purged': async (_own, db) => {
    await db.query('FLUSH BINARY LOGS')
    await write(db, 2)
    await db.query('FLUSH BINARY LOGS; PURGE BINARY LOGS BEFORE NOW()')
  },
  'all sessions of the tool are ended': async (_own, db) => {
    const others = (await db.query('SHOW PROCESSLIST')).filter(({ User }) => User !== 'event_scheduler')
    expect(others.length).toBeGreaterThan(3)
    // One of them may end with another; who asked has ended already.
    for (const { Id } of others) await db.query(`KILL ${Id}`).catch(() => {})
  },
  'it is restarted': async (own) => own.restart(),
  'it is killed and recovers': async (own) => {
    await own.kill()
    await own.restart()
  },
}

/** Changes rows of the table and of its mirror. */
async function write(db: MysqlDatabase, part: number): Promise<void> {
  const which = `id % 7 = ${part}`
  await db.query(`BEGIN; UPDATE users SET n = n + 1 WHERE ${which}; UPDATE mirror SET n = n + 1 WHERE ${which};
    DELETE FROM users WHERE id % 11 = ${part}; DELETE FROM mirror WHERE id % 11 = ${part}; COMMIT`)
}

describeWithTool('gh-ost', 'mysql', 'a server while gh-ost holds its cut-over', () => {
  test.each(Object.entries(DISTURBANCES))(
    '%s: the same command finishes, nothing is lost or left',
    { timeout: 240_000, retry: 0 },
    async (_what, disturb) => {
      const own = await startPrivateServer({ family: 'mysql', fsync: true })
      const db = await ghostDatabase(own, ROWS)
      const project = createProject({
        'phasegate/20261122093000_phone.sql':
          '-- engine: gh-ost\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n',
        'phasegate.config.mjs': `import { existsSync } from 'node:fs'
        const check = async ({ snapshot }) => ({ name: 'night', state: existsSync('open') ? 'open' : 'closed',
          reason: 'it is day', observedAt: snapshot.now })
        export default { gates: { cutover: [{ name: 'night', cost: 0, check }] } }`,
      })
      const run = verbsOn(project, db)
      const held = await run('expand', '--long')
      expect(held.code, said(held)).toBe(3)
      await write(db, 1)
      await disturb(own, db)
      await write(db, 3)
      project.write('open', '')
      const applied = await run('expand', '--long')
      expect(applied.code, said(applied)).toBe(0)
      // Either the tool has come back by itself, or it is said that what it left was taken away, and it began anew.
      expect(said(applied)).toMatch(/is at work and is taken up|_users_gho.*\n.*starts on users/)
      expect(await columnsOf(db)).toContain('phone')
      await assertNothingLost(db)
      expect(await leftIn(db)).toEqual([])
    },
  )
})
