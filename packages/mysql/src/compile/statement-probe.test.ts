import { expect, test } from 'vitest'
import { parseStatements } from '../parse/parse-statements.js'
import { statementProbe } from './statement-probe.js'

function probeOf(text: string): string | undefined {
  const [statement] = parseStatements(text, 'm.sql')
  return statementProbe(statement!.node, statement!.text)
}

test('asks only for the names that a rename changes', () => {
  const probe = probeOf('RENAME TABLE a TO old, new TO a')
  expect(probe).toMatch(/TABLE_NAME = 'old'/)
  expect(probe).toMatch(/NOT EXISTS \(SELECT 1 FROM information_schema.TABLES WHERE .* TABLE_NAME = 'new'/)
  expect(probe).not.toMatch(/TABLE_NAME = 'a'/)
})

test.each([
  ['a full swap, which changes no name', 'RENAME TABLE a TO tmp, b TO a, tmp TO b'],
  ['a partition', 'ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (10))'],
  ['rows', 'UPDATE t SET a = 1'],
])('has nothing to ask for %s', (_, text) => {
  expect(probeOf(text)).toBeUndefined()
})

test.each([
  'ANALYZE TABLE t',
  'GRANT SELECT ON t TO app',
  'ALTER TABLE t FORCE',
  'ALTER TABLE t ALTER a SET DEFAULT 1, COMMENT = "x"',
  'CREATE OR REPLACE VIEW v AS SELECT 1',
])('lets %s run again', (text) => {
  expect(probeOf(text)).toBe("SELECT 'absent'")
})
