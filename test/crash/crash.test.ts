import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeOnPostgres, startPrivateServer } from '../support/servers.js'
import { crashRound } from './crash-rounds.js'

describeOnPostgres(18, 'crash (sample)', () => {
  test('20 random kills of runner and server lose nothing and do nothing twice', { timeout: 300_000 }, async () => {
    const random = createRandom('crash')
    const server = await startPrivateServer({ version: 18, fsync: true })
    let runner = 0
    let killed = 0
    while (runner + killed < 20) {
      const kills = await crashRound(server, random, Math.min(10, 20 - runner - killed))
      runner += kills.runner
      killed += kills.server
    }
    console.log(`killed the runner ${runner} times, the server ${killed} times`)
    expect(runner + killed).toBeGreaterThanOrEqual(20)
  })
})
