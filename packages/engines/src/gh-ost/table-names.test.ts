import { expect, test } from 'vitest'
import { ghostTables } from './table-names.js'

test('have suffixes of their own', () =>
  expect(ghostTables('users')).toEqual({
    copy: '_users_gho',
    log: '_users_ghc',
    old: '_users_del',
  }))

test('are cut to 64 bytes', () => {
  const { copy } = ghostTables('a'.repeat(64))!
  expect(copy).toBe(`_${'a'.repeat(59)}_gho`)
  expect(copy).toHaveLength(64)
})

test('bytes are what gh-ost counts', () => {
  expect(ghostTables('ä'.repeat(29))?.copy).toBe(`_${'ä'.repeat(29)}_gho`)
  expect(ghostTables(`a${'ä'.repeat(29)}`)?.copy).toBe(`_a${'ä'.repeat(29)}_gho`)
  expect(ghostTables('ä'.repeat(30))).toBeUndefined()
})
