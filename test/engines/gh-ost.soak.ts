import { test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithTool } from '../support/servers.js'
import { ghostRound } from './ghost-rounds.js'
import { untilKilled, VICTIMS } from './kill-at.js'

const KILLS = 50

describeWithTool('gh-ost', 'mysql', 'gh-ost is killed', (server) => {
  const random = createRandom('gh-ost soak')
  test.each(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times: the same command finishes, nothing is lost or left`,
    { retry: 0 },
    (victim) => untilKilled(KILLS, () => ghostRound(server, random, victim)),
  )
})
