import { test } from 'vitest'
import { movesKeysFirst } from '../support/pt-osc.js'
import { createRandom } from '../support/seed.js'
import { describeWithPtOsc } from '../support/servers.js'
import { untilKilled, VICTIMS } from './kill-at.js'
import { foreignKeyRound } from './osc-foreign-keys.js'
import { oscRound } from './osc-rounds.js'

const KILLS = 50

describeWithPtOsc('pt-online-schema-change is killed', (server, tool) => {
  const random = createRandom('pt-osc')
  test.each(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times: the same command finishes, nothing is lost or left`,
    { timeout: 7_200_000, retry: 0 },
    (victim) => untilKilled(KILLS, () => oscRound(server, tool, random, victim)),
  )
  // One that moves keys to its copy first is refused.
  test.skipIf(movesKeysFirst(tool)).for(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times, foreign keys point at the table: they do so afterwards, nothing is lost or left`,
    { timeout: 7_200_000, retry: 0 },
    (victim) => untilKilled(KILLS, () => foreignKeyRound(server, tool, random, victim)),
  )
})
