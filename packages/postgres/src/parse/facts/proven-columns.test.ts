import { createMadeObjects } from '@phasegate/core'
import { beforeAll, expect, test } from 'vitest'
import { parseStatements } from '../parse-statements.js'
import { loadParser } from '../parser.js'
import { readFacts } from '../read-facts.js'

beforeAll(loadParser)

test.each([
  ['CHECK (a IS NOT NULL)', 'a'],
  ['CHECK (users.a IS NOT NULL) NOT VALID', 'a'],
  ['CHECK (b > 0 AND (a IS NOT NULL AND c))', 'a'],
  ['CHECK (b > 0 OR a IS NOT NULL)', undefined],
  ['CHECK (a IS NULL)', undefined],
  ['CHECK (NOT (a IS NULL))', undefined],
  ['CHECK (lower(a) IS NOT NULL)', undefined],
  ['CHECK (a IS NOT NULL) NOT ENFORCED', undefined],
  ['UNIQUE (a)', undefined],
])('%s proves %s', (constraint, column) => {
  const statement = parseStatements(`ALTER TABLE users ADD CONSTRAINT named ${constraint}`, 'x.sql')[0]!
  const facts = readFacts(statement, createMadeObjects())
  expect(facts.changes.map((change) => change.provesNotNull).find((proven) => proven !== undefined)).toBe(column)
})
