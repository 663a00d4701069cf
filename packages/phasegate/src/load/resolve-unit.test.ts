import { expect, test } from 'vitest'
import { resolveMigration, resolveUnit } from './resolve-unit.js'

const names = ['20261101000000_add_flag', '20261102000000_add_flag_index', '20261103000000_email_verified']

test.each([
  ['20261101000000_add_flag', names[0]],
  ['add_flag', names[0]],
  ['add_flag_', names[1]],
  ['email', names[2]],
  ['20261102', names[1]],
  ['phasegate/20261103000000_email_verified.ts', names[2]],
])('%s means %s', (text, name) => {
  expect(resolveMigration(text, names)).toBe(name)
})

test('an ambiguous beginning names all that fit', () => {
  expect(() => resolveMigration('add', names)).toThrow(
    expect.objectContaining({ code: 'MIGRATION.AMBIGUOUS', exit: 2 }),
  )
  expect(() => resolveMigration('add', names)).toThrow(/add_flag, 20261102000000_add_flag_index/)
})

test('an unknown name says the nearest', () => {
  expect(() => resolveMigration('email_verifed', names)).toThrow(
    expect.objectContaining({ code: 'MIGRATION.UNKNOWN', next: ["Did you mean 'email_verified'?"] }),
  )
  expect(() => resolveMigration('', names)).toThrow(
    expect.objectContaining({ code: 'MIGRATION.UNKNOWN', why: `There are: ${names.join(', ')}.` }),
  )
})

test('a unit is a migration and a phase, which the verb may imply', () => {
  expect(resolveUnit('email:contract', names)).toEqual({ migration: names[2], phase: 'contract' })
  expect(resolveUnit('email', names, 'expand')).toEqual({ migration: names[2], phase: 'expand' })
})

test.each([
  ['email', undefined, 'A unit is a phase'],
  ['email:contrat', undefined, "'contrat' is not a phase"],
  ['email:contract', 'expand', 'is of contract'],
] as const)('%s under %s is refused', (text, lane, why) => {
  expect(() => resolveUnit(text, names, lane)).toThrow(
    expect.objectContaining({ code: 'UNIT.UNKNOWN', why: expect.stringContaining(why) }),
  )
})
