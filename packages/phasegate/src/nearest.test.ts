import { expect, test } from 'vitest'
import { nearest } from './nearest.js'

test('names the known word that a typing error meant', () => {
  expect(nearest('databse', ['dialect', 'database'])).toBe('database')
  expect(nearest('appRole', ['applications', 'appRoles'])).toBe('appRoles')
  expect(nearest('BACKFIL', ['expand', 'backfill'])).toBe('backfill')
})

test('names nothing where nothing is near', () => {
  expect(nearest('colour', ['database', 'dialect'])).toBeUndefined()
  expect(nearest('x', [])).toBeUndefined()
})
