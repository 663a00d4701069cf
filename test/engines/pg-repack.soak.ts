import { test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithPgRepack } from '../support/servers.js'
import { untilKilled, VICTIMS } from './kill-at.js'
import { repackRound } from './repack-rounds.js'

const KILLS = 50

describeWithPgRepack('pg_repack is killed', (server) => {
  const random = createRandom('pg_repack soak')
  test.each(VICTIMS)(
    `SIGKILL of %s, ${KILLS} times: the same command finishes, nothing is lost or left`,
    {
      retry: 0,
    },
    (victim) => untilKilled(KILLS, () => repackRound(server, random, victim)),
  )
})
