import { test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithPtOsc } from '../support/servers.js'
import { untilKilled, VICTIMS } from './kill-at.js'
import { oscRound } from './osc-rounds.js'

const KILLS = 2

describeWithPtOsc('pt-online-schema-change is killed (sample)', (server, tool) => {
  const random = createRandom('pt-osc')
  test.each(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times: the same command finishes, nothing is lost or left`,
    { timeout: 600_000, retry: 0 },
    (victim) => untilKilled(KILLS, () => oscRound(server, tool, random, victim)),
  )
})
