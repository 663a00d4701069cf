import { type EngineRequest, type EngineRun, type EngineTarget, systemClock } from '@phasegate/core'
import { createEngineDesk } from '@phasegate/engines'
import { connectMysql } from '@phasegate/mysql'
import { expect, test } from 'vitest'
import { atTestEnd } from '../support/at-test-end.js'
import { describeWithTool, type MysqlDatabase } from '../support/servers.js'
import { columnsOf, ghostDatabase, leftIn } from './ghost-setup.js'

/** A killed gh-ost that held its cut-over, and a desk whose clean-up is overtaken by a RENAME of that tool. */
async function overtaken(db: MysqlDatabase) {
  const target = await connectMysql({ connection: db.url })
  atTestEnd(() => target.close())
  let run: EngineRun | null = null
  let finished = false
  let late = false
  const swap = async (): Promise<void> => {
    if (!late) await db.query('RENAME TABLE users TO _users_del, _users_gho TO users')
    late = true
  }
  const engine: EngineTarget = {
    ...target.engine,
    removeLeftovers: async (...given) => {
      await swap()
      return target.engine.removeLeftovers(...given)
    },
  }
  const desk = createEngineDesk({
    target: { ...target, engine },
    settings: {
      ...{ threshold: { bytes: 0, rows: 0 }, prefer: ['gh-ost'], tools: {}, lockTimeout: 1000 },
      ...{ retry: { attempts: 5, pause: 200 }, reconnectTime: 1000 },
    },
    openSession: () => target.openSession('engine'),
    clock: systemClock,
    emit: () => {},
    signal: new AbortController().signal,
  })
  const request = (mayCutOver: EngineRequest['mayCutOver'] = async () => undefined): EngineRequest => ({
    unit: null,
    task: {
      table: { name: 'users' },
      alter: 'ADD COLUMN phone varchar(20)',
      traits: [],
      wanted: 'gh-ost',
      native: 'copy',
    },
    engine: 'gh-ost',
    run,
    record: async (_session, next) => {
      run = next
    },
    finish: async () => {
      finished = true
      run = null
    },
    attach: async () => {},
    report: async () => ({ action: 'go on', reason: '' }),
    mayCutOver,
  })
  expect(await desk.run(request(async () => 'not yet'))).toMatchObject({ state: 'held' })
  process.kill(run!.process!.pid, 'SIGKILL')
  await expect.poll(async () => desk.isLost(run!)).toBe(true)
  return { desk, request, state: () => ({ run, finished }) }
}

const UNPROVEN = { code: 'ENGINE.UNPROVEN_SWAP', meta: { kept: '_users_del' } }

describeWithTool('gh-ost', 'mysql', 'a RENAME of a killed gh-ost comes through while its run is put away', (server) => {
  test('by the same command: the table before it is kept, and the step is done', async () => {
    const db = await ghostDatabase(server, 500)
    const { desk, request, state } = await overtaken(db)
    await expect(desk.run(request())).rejects.toMatchObject(UNPROVEN)
    expect(state()).toEqual({ run: null, finished: true })
    expect(await columnsOf(db)).toContain('phone')
    expect(await leftIn(db)).toEqual(['_users_del'])
  })

  test('by revert or repair: the table before it is kept, and that is said', async () => {
    const db = await ghostDatabase(server, 500)
    const { desk, request, state } = await overtaken(db)
    await expect(desk.abandon(request())).rejects.toMatchObject(UNPROVEN)
    expect(state().run).toBeNull()
    expect(await columnsOf(db)).toContain('phone')
    expect(await leftIn(db)).toEqual(['_users_del'])
  })
})
