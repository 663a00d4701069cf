import { expect, test } from 'vitest'
import { nearestName } from './nearest-name.js'

test.each([
  ['expnad', 'expand'],
  ['EXPAND', 'expand'],
  ['contracts', 'contract'],
  ['back_fill', 'backfill'],
  ['BACKFIL', 'backfill'],
  ['x', undefined],
  ['', undefined],
  ['somethingelse', undefined],
])('the nearest name to %s is %s', (name, nearest) => {
  expect(nearestName(name, ['expand', 'backfill', 'contract'])).toBe(nearest)
})

test('of several that are near, the nearest', () => {
  expect(nearestName('appRole', ['applications', 'appRoles'])).toBe('appRoles')
})

test('names nothing where nothing is known', () => {
  expect(nearestName('x', [])).toBeUndefined()
})
