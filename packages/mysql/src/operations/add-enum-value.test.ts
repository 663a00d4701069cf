import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { addEnumValue } from './add-enum-value.js'
import { tableInUse } from './operations.test.support.js'

test('is refused, with what is done instead', () => {
  expect(() => addEnumValue.compile(ops.addEnumValue('mood', 'ok'), tableInUse)).toThrow(
    expect.objectContaining({
      code: 'OPERATION.UNSUPPORTED',
      next: expect.arrayContaining([expect.stringContaining('MODIFY COLUMN')]),
    }),
  )
})
