import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { tableInUse } from './operations.test.support.js'
import { repack } from './repack.js'

test('is refused, with the statement that does it here', () => {
  expect(() => repack.compile(ops.repack({ schema: 'shop', table: 'users' }), tableInUse)).toThrow(
    expect.objectContaining({
      code: 'OPERATION.UNSUPPORTED',
      next: [expect.stringContaining("ops.alterTable({ schema: 'shop', table: 'users' }, 'ENGINE=InnoDB')")],
    }),
  )
})
