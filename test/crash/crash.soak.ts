import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeOnEveryPostgres, startPrivateServer } from '../support/servers.js'
import { crashRound } from './crash-rounds.js'

describeOnEveryPostgres('crash', ({ major }) => {
  test('200 random kills of runner and server lose nothing and do nothing twice', async () => {
    const random = createRandom(`crash ${major}`)
    const server = await startPrivateServer({ version: major, fsync: true })
    let runner = 0
    let killed = 0
    while (runner + killed < 200) {
      const kills = await crashRound(server, random, random.int(4, 14))
      runner += kills.runner
      killed += kills.server
      console.log(`PostgreSQL ${major}: ${runner + killed} kills so far, nothing lost`)
    }
    console.log(`PostgreSQL ${major}: killed the runner ${runner} times, the server ${killed} times`)
    expect(runner + killed).toBeGreaterThanOrEqual(200)
  })
})
