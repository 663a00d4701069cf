import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { type AnyServer, describeOnEveryServer, startPrivateServer } from '../support/servers.js'
import { crashRound } from './crash-rounds.js'

const KILLS = 500

describeOnEveryServer('crash', (shared) => {
  test(`${KILLS} random kills of runner and server lose nothing and do nothing twice`, async () => {
    const name = nameOf(shared)
    const random = createRandom(`crash ${name}`)
    const server = await startPrivateServer(
      shared.family === 'postgres' ? { version: shared.major, fsync: true } : { family: shared.family, fsync: true },
    )
    let runner = 0
    let killed = 0
    while (runner + killed < KILLS) {
      const kills = await crashRound(server, random, random.int(4, 14))
      runner += kills.runner
      killed += kills.server
      console.log(`${name}: ${runner + killed} kills so far, nothing lost`)
    }
    console.log(`${name}: killed the runner ${runner} times, the server ${killed} times`)
    expect(runner + killed).toBeGreaterThanOrEqual(KILLS)
  })
})

function nameOf(server: AnyServer): string {
  return server.family === 'postgres' ? `PostgreSQL ${server.major}` : server.family
}
