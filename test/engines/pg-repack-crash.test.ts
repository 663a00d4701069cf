import { test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithPgRepack } from '../support/servers.js'
import { untilKilled, VICTIMS } from './kill-at.js'
import { repackRound } from './repack-rounds.js'

describeWithPgRepack('pg_repack is killed (sample)', (server) => {
  const random = createRandom('pg_repack')
  test.each(VICTIMS)(
    'SIGKILL of %s, three times: the same command finishes, nothing is lost or left',
    {
      timeout: 600_000,
      retry: 0,
    },
    (victim) => untilKilled(3, () => repackRound(server, random, victim)),
  )
})
