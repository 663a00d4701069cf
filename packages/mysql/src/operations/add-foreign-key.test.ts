import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { addForeignKey } from './add-foreign-key.js'
import { newTable, tableInUse } from './operations.test.support.js'

const operation = ops.addForeignKey(
  'posts',
  ['author_id', 'order'],
  { table: { schema: 'auth', table: 'users' }, columns: ['id', 'n'] },
  { onDelete: 'cascade', onUpdate: 'no action' },
)

test('is added without a look at the rows, which the next step takes', () => {
  expect(addForeignKey.compile(operation, tableInUse)).toEqual([
    'ALTER TABLE posts ADD /* rows are checked by the next step */ CONSTRAINT posts_author_id_order_fkey ' +
      'FOREIGN KEY (author_id, `order`) REFERENCES auth.users (id, n) ON DELETE CASCADE ON UPDATE NO ACTION',
    'SELECT /* must find nothing */ c.author_id, c.`order` FROM posts AS c ' +
      'WHERE c.author_id IS NOT NULL AND c.`order` IS NOT NULL AND NOT EXISTS ' +
      '(SELECT 1 FROM auth.users AS p WHERE p.id = c.author_id AND p.n = c.`order`) LIMIT 10',
  ])
  expect(addForeignKey.describe(operation)).toBe('ops.addForeignKey(posts, [author_id, order], references auth.users)')
})

test('is undone with the index that the server made for it', () => {
  expect(addForeignKey.revert(operation)).toEqual({
    statements: [
      'ALTER TABLE posts DROP FOREIGN KEY IF EXISTS posts_author_id_order_fkey',
      'ALTER TABLE posts DROP INDEX IF EXISTS posts_author_id_order_fkey',
    ],
  })
})

test('is plain on a table that the unit created', () => {
  expect(addForeignKey.compile(operation, newTable)).toEqual([
    'ALTER TABLE posts ADD CONSTRAINT posts_author_id_order_fkey FOREIGN KEY (author_id, `order`) ' +
      'REFERENCES auth.users (id, n) ON DELETE CASCADE ON UPDATE NO ACTION',
  ])
})

test.each([
  ['an action that does not exist', { ...operation, onDelete: 'CASCADE; DROP TABLE posts' as 'cascade' }],
  ['an action that InnoDB does not have', { ...operation, onUpdate: 'set default' as const }],
  ['columns without a partner', { ...operation, columns: ['author_id'] }],
  ['no columns', { ...operation, columns: [] }],
])('refuses %s', (_, wrong) => {
  expect(() => addForeignKey.compile(wrong, tableInUse)).toThrow(
    expect.objectContaining({ code: 'OPERATION.ARGUMENT' }),
  )
})
