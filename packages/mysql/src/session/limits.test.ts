import type { Row } from '@phasegate/core'
import { expect, test } from 'vitest'
import { type Limitable, runLimitedAlone } from './limits.js'

const OPTIONS = { lockTimeout: 1000, statementTimeout: 0 }
const killed = (): Error =>
  Object.assign(new Error('Query execution was interrupted'), { errno: 1317, sqlState: '70100' })

/** A session that answers everything, but for the first statement which `fails` matches: that one is killed. */
function session(fails: RegExp, sent: string[]): Limitable {
  let hit = false
  return {
    query: async <R extends Row>(text: string): Promise<readonly R[]> => {
      if (!hit && fails.test(text)) {
        hit = true
        throw killed()
      }
      sent.push(text)
      return []
    },
    inTransaction: () => false,
    failures: () => 0,
    limitsStatements: true,
    setStatementLimit: () => {},
  }
}

test.each([/^SET SESSION lock_wait_timeout = @/, /^UNLOCK/, /^SET NAMES/])(
  'a KILL QUERY that comes too late for the statement undoes nothing: %s',
  async (fails) => {
    const sent: string[] = []
    expect(await runLimitedAlone(session(fails, sent), 'shop', OPTIONS, async () => 'done')).toBe('done')
    expect(sent).toContainEqual(expect.stringMatching(/^SET SESSION lock_wait_timeout = @/))
    expect(sent.at(-1)).toMatch(/ISOLATION LEVEL/)
  },
)

test('a statement that was killed is refused, and the session is as before', async () => {
  const sent: string[] = []
  const run = session(/^ALTER/, sent)
  await expect(runLimitedAlone(run, 'shop', OPTIONS, () => run.query('ALTER TABLE t'))).rejects.toThrow('interrupted')
  expect(sent.at(-1)).toMatch(/ISOLATION LEVEL/)
})
