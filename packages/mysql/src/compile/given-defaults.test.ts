import { expect, test } from 'vitest'
import { parseStatements } from '../parse/parse-statements.js'
import { givenDefaults } from './given-defaults.js'

test.each([
  ['CREATE TABLE t (a int DEFAULT 1, b int, c int AUTO_INCREMENT PRIMARY KEY, d int AS (b) VIRTUAL)', ['a', 'c', 'd']],
  ['CREATE TABLE t (a int DEFAULT NULL, b datetime DEFAULT now(), c int DEFAULT (NULL))', ['b']],
  ['ALTER TABLE t ADD a int DEFAULT 1, ADD b int, ALTER c SET DEFAULT 2, ALTER d DROP DEFAULT', ['a', 'c']],
  ['ALTER TABLE t MODIFY a int DEFAULT 1, ALTER b SET DEFAULT NULL', ['a']],
  ['DROP TABLE t', []],
])('%s gives values to %j', (text, columns) => {
  const [statement] = parseStatements(text, 'm.sql')
  expect(givenDefaults(statement!)).toEqual(columns.map((column) => ({ table: 't', column })))
})
