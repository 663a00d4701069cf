import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithTool } from '../support/servers.js'
import { ghostRound } from './ghost-rounds.js'
import { VICTIMS } from './kill-at.js'

const KILLS = 50

describeWithTool('gh-ost', 'mysql', 'gh-ost is killed', (server) => {
  const random = createRandom('gh-ost soak')
  test.each(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times: the same command finishes, nothing is lost or left`,
    { retry: 0 },
    async (victim) => {
      for (let killed = 0, rounds = 0; killed < KILLS; rounds++) {
        expect(rounds).toBeLessThan(4 * KILLS)
        if (!(await ghostRound(server, random, victim)).killed) continue
        if (++killed % 10 === 0) console.log(`killed ${victim} ${killed} times so far, nothing lost or left`)
      }
    },
  )
})
