import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { addEnumValue } from './add-enum-value.js'

const context = { file: 'm.ts', isNewTable: () => false }

test('adds a value where it belongs', () => {
  const compile = (operation: ReturnType<typeof ops.addEnumValue>): readonly string[] =>
    addEnumValue.compile(operation, context)
  expect(compile(ops.addEnumValue('mood', "it's"))).toEqual(["ALTER TYPE mood ADD VALUE 'it''s'"])
  expect(compile(ops.addEnumValue('app.Mood', 'ok', { before: 'sad' }))).toEqual([
    `ALTER TYPE app."Mood" ADD VALUE 'ok' BEFORE 'sad'`,
  ])
  expect(compile(ops.addEnumValue('mood', 'ok', { after: 'sad' }))).toEqual([
    "ALTER TYPE mood ADD VALUE 'ok' AFTER 'sad'",
  ])
})

test('cannot be undone', () => {
  expect(addEnumValue.revert(ops.addEnumValue('mood', 'ok'))).toEqual({
    impossible: "PostgreSQL cannot take the value 'ok' away from the enum type mood",
  })
})

test('has one place', () => {
  const operation = ops.addEnumValue('mood', 'ok', { before: 'a', after: 'b' })
  expect(() => addEnumValue.compile(operation, context)).toThrow(
    expect.objectContaining({ code: 'OPERATION.ARGUMENT' }),
  )
})
