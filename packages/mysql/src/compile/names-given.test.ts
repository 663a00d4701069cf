import { expect, test } from 'vitest'
import { parseStatements } from '../parse/parse-statements.js'
import { namesGiven } from './names-given.js'

test.each([
  ['CREATE TABLE t (a int, INDEX i (a), INDEX (a), CONSTRAINT k FOREIGN KEY (a) REFERENCES u (a))', ['i', 'k']],
  ['CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0), CHECK (a > 1))', ['c']],
  [
    'ALTER TABLE t ADD INDEX i (a), ADD CONSTRAINT u UNIQUE (a), ADD CHECK (a > 0), ADD CONSTRAINT c CHECK (a > 1)',
    ['i', 'u', 'c'],
  ],
  ['ALTER TABLE t ADD CONSTRAINT k FOREIGN KEY (a) REFERENCES u (a), DROP INDEX old', ['k']],
  ['CREATE INDEX i ON t (a)', ['i']],
  ['DROP TABLE t', []],
])('%s gives the names %j', (text, names) => {
  const [statement] = parseStatements(text, 'm.sql')
  expect(namesGiven(statement!)).toEqual(names)
})
