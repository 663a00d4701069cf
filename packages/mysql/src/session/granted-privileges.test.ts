import { expect, test } from 'vitest'
import { privilegesIn } from './granted-privileges.js'

const on = (lines: readonly string[], database = 'shop'): readonly string[] | undefined => {
  const granted = privilegesIn(lines, database)
  return granted === undefined ? undefined : [...granted].sort()
}

test.each([
  ['GRANT SELECT, INSERT ON `shop`.* TO `app`@`%`', ['INSERT', 'SELECT']],
  ["GRANT SELECT ON *.* TO `app`@`%` IDENTIFIED BY PASSWORD '*1' REQUIRE SSL WITH GRANT OPTION", ['SELECT']],
  ['GRANT SELECT ON `sh%`.* TO `app`@`%`', ['SELECT']],
  ['GRANT SELECT ON `sho_`.* TO `app`@`%`', ['SELECT']],
  ['GRANT SELECT ON `sho\\_`.* TO `app`@`%`', []],
  ['GRANT SELECT ON `other`.* TO `app`@`%`', []],
  ['GRANT SELECT, UPDATE (`a`) ON `shop`.`t` TO `app`@`%`', []],
  ['GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `app`@`%`', []],
  ['GRANT `role`@`%` TO `app`@`%`', []],
  ['GRANT PROXY ON ``@`%` TO `root`@`localhost` WITH GRANT OPTION', []],
  ['SET DEFAULT ROLE `role` FOR `app`@`%`', []],
])('%s', (line, privileges) => {
  expect(on([line])).toEqual(privileges)
})

test('escaped wildcards are characters, and so is everything else that a pattern knows', () => {
  expect(on(['GRANT SELECT ON `my\\_shop`.* TO `app`@`%`'], 'my_shop')).toEqual(['SELECT'])
  expect(on(['GRANT SELECT ON `a.b(c``d`.* TO `app`@`%`'], 'a.b(c`d')).toEqual(['SELECT'])
  expect(on(['GRANT SELECT ON `a.b`.* TO `app`@`%`'], 'axb')).toEqual([])
})

test('all of them are each of them', () => {
  expect(on(['GRANT ALL PRIVILEGES ON `shop`.* TO `app`@`%`'])).toEqual(expect.arrayContaining(['CREATE', 'TRIGGER']))
})

test('a partial revoke leaves it to the server', () => {
  expect(on(['GRANT SELECT ON *.* TO `a`@`%`', 'REVOKE SELECT ON `shop`.* FROM `a`@`%`'])).toBeUndefined()
})
