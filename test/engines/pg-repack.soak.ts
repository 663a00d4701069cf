import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithPgRepack } from '../support/servers.js'
import { VICTIMS } from './kill-at.js'
import { repackRound } from './repack-rounds.js'

const KILLS = 50

describeWithPgRepack('pg_repack is killed', (server) => {
  const random = createRandom('pg_repack soak')
  test.each(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times: the same command finishes, nothing is lost or left`,
    {
      retry: 0,
    },
    async (victim) => {
      for (let killed = 0, rounds = 0; killed < KILLS; rounds++) {
        expect(rounds).toBeLessThan(4 * KILLS)
        if (!(await repackRound(server, random, victim))) continue
        if (++killed % 10 === 0) console.log(`killed ${victim} ${killed} times so far, nothing lost or left`)
      }
    },
  )
})
