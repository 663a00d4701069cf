import { expect, test } from 'vitest'
import { createRandom } from '../support/seed.js'
import { describeWithTool } from '../support/servers.js'
import { ghostRound } from './ghost-rounds.js'
import { VICTIMS } from './kill-at.js'

describeWithTool('gh-ost', 'mysql', 'gh-ost is killed (sample)', (server) => {
  const random = createRandom('gh-ost')
  test.each(VICTIMS)(
    'SIGKILL of %s: the same command finishes, nothing is lost or left',
    { timeout: 300_000, retry: 0 },
    async (victim) => {
      for (let rounds = 0; !(await ghostRound(server, random, victim)).killed; rounds++) expect(rounds).toBeLessThan(6)
    },
  )
})
