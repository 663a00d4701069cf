import { expect, test } from 'vitest'
import { describeWithTool, type MysqlDatabase, startPrivateServer } from '../support/servers.js'
import { driveGhost, LIMITS } from './ghost-driver.js'
import { assertNothingLost, columnsOf, ghostDatabase, leftIn, startWriting } from './ghost-setup.js'

/** Off by default: gh-ost swaps only when it sees who waits for the table. */
const SHOWS_LOCKS = {
  'performance-schema': 'ON',
  'performance-schema-instrument': 'wait/lock/metadata/sql/mdl=ON',
}

describeWithTool('gh-ost', 'mariadb', 'gh-ost on MariaDB', (server) => {
  test('as the server comes it is refused, with what to change', async () => {
    const db = await ghostDatabase(server, 100)
    const { reasons } = await driveGhost(db)
    expect(await reasons()).toEqual([expect.stringMatching(/performance_schema is off.*restart/)])
  })

  /** An account with all that gh-ost needs but rights to look at replication. */
  async function reasonsOfAccount(db: MysqlDatabase, grants: string): Promise<readonly string[]> {
    const url = new URL(db.url)
    url.username = 'limited'
    await db.query(`CREATE OR REPLACE USER limited@'%' IDENTIFIED BY '${decodeURIComponent(url.password)}'`)
    await db.query(`GRANT ALL ON ${db.name}.* TO limited@'%'`)
    await db.query(`GRANT REPLICATION SLAVE, PROCESS, ${grants} ON *.* TO limited@'%'`)
    await db.query("GRANT SELECT ON performance_schema.* TO limited@'%'")
    const { reasons } = await driveGhost(db, { url: url.href })
    return reasons()
  }

  test('where metadata locks are shown it copies, is killed, starts over and swaps; nothing is lost', async () => {
    const private_ = await startPrivateServer({ family: 'mariadb', settings: SHOWS_LOCKS })
    const db = await ghostDatabase(private_)
    expect(await reasonsOfAccount(db, 'BINLOG MONITOR')).toEqual([expect.stringMatching(/GRANT SLAVE MONITOR/)])
    expect(await reasonsOfAccount(db, 'BINLOG MONITOR, SLAVE MONITOR')).toEqual([])
    const traffic = await startWriting(db)
    const { engine, job, reasons, start } = await driveGhost(db, { arguments: ['--nice-ratio=15'] })
    expect(await reasons()).toEqual([])
    const first = await start()
    await first.until('copying', ({ done }) => done! > 0)
    await first.kill()
    await engine.cleanUp(job, LIMITS)
    const second = await start()
    await second.until('copying again', ({ done }) => done! > 0)
    await second.say('nice-ratio=0')
    await second.until('held', ({ state }) => state === 'held')
    expect(await columnsOf(db)).not.toContain('phone')
    await engine.release(job, LIMITS)
    expect(engine.judge(job, await second.ended, second.read())).toBe('swapped')
    const { reads, writes } = await traffic.stop()
    expect([...reads.errors, ...writes.errors]).toEqual([])
    const table = (await job.target.inspect(job.session, job.task.table))!
    expect(table.identity).not.toBe(job.run.identity)
    expect(await columnsOf(db)).toContain('phone')
    await assertNothingLost(db)
    expect(await engine.unprovenSwap!({ ...job, table })).toBeUndefined()
    await engine.cleanUp({ ...job, table }, LIMITS)
    expect(await leftIn(db)).toEqual([])
  })
})
