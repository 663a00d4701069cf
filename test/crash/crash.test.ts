import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeOnEveryMysql, describeOnPostgres, startPrivateServer } from '../support/servers.js'
import { type CrashServer, crashRound } from './crash-rounds.js'

/** Kills runner and server at random moments until that happened `wanted` times. */
async function kill(server: CrashServer, wanted: number): Promise<void> {
  const random = createRandom(`crash ${server.family}`)
  let runner = 0
  let killed = 0
  while (runner + killed < wanted) {
    const kills = await crashRound(server, random, Math.min(10, wanted - runner - killed))
    runner += kills.runner
    killed += kills.server
  }
  console.log(`killed the runner ${runner} times, the server ${killed} times`)
  expect(runner + killed).toBeGreaterThanOrEqual(wanted)
}

describeOnPostgres(18, 'crash (sample)', () => {
  test('6 random kills of runner and server lose nothing and do nothing twice', {
    timeout: 300_000,
    retry: 0,
  }, async () => {
    await kill(await startPrivateServer({ version: 18, fsync: true }), 6)
  })
})

describeOnEveryMysql('crash (sample)', ({ family }) => {
  test('4 random kills of runner and server lose nothing and do nothing twice', {
    timeout: 300_000,
    retry: 0,
  }, async () => {
    await kill(await startPrivateServer({ family, fsync: true }), 4)
  })
})
