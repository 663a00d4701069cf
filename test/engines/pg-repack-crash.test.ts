import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithPgRepack } from '../support/servers.js'
import { VICTIMS } from './kill-at.js'
import { repackRound } from './repack-rounds.js'

describeWithPgRepack('pg_repack is killed (sample)', (server) => {
  const random = createRandom('pg_repack')
  test.each(VICTIMS)(
    'SIGKILL of %s, three times: the same command finishes, nothing is lost or left',
    {
      timeout: 300_000,
      retry: 0,
    },
    async (victim) => {
      for (let killed = 0, rounds = 0; killed < 3; rounds++) {
        expect(rounds).toBeLessThan(12)
        if (await repackRound(server, random, victim)) killed++
      }
    },
  )
})
