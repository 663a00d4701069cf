import { test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithTool } from '../support/servers.js'
import { ghostRound } from './ghost-rounds.js'
import { untilKilled, VICTIMS } from './kill-at.js'

describeWithTool('gh-ost', 'mysql', 'gh-ost is killed (sample)', (server) => {
  const random = createRandom('gh-ost')
  test.each(VICTIMS)(
    'SIGKILL of %s: the same command finishes, nothing is lost or left',
    { timeout: 600_000, retry: 0 },
    (victim) => untilKilled(1, () => ghostRound(server, random, victim)),
  )
})
