import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithPtOsc } from '../support/servers.js'
import { VICTIMS } from './kill-at.js'
import { oscRound } from './osc-rounds.js'

const KILLS = 2

describeWithPtOsc('pt-online-schema-change is killed (sample)', (server, tool) => {
  const random = createRandom('pt-osc')
  test.each(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times: the same command finishes, nothing is lost or left`,
    { timeout: 300_000, retry: 0 },
    async (victim) => {
      for (let killed = 0, rounds = 0; killed < KILLS; rounds++) {
        expect(rounds).toBeLessThan(4 * KILLS)
        if (await oscRound(server, tool, random, victim)) killed++
      }
    },
  )
})
