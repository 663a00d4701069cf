import { ops } from '@phasegate/core'
import { expect, test } from 'vitest'
import { addForeignKey } from './add-foreign-key.js'

const context = { file: 'm.ts', isNewTable: () => false }
const onNewTable = { file: 'm.ts', isNewTable: () => true }

const operation = ops.addForeignKey(
  'posts',
  ['author_id'],
  { table: { schema: 'auth', table: 'users' }, columns: ['id'] },
  { onDelete: 'cascade', onUpdate: 'no action' },
)

test('is added NOT VALID and validated by a step of its own', () => {
  expect(addForeignKey.compile(operation, context)).toEqual([
    'ALTER TABLE posts ADD CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) ' +
      'REFERENCES auth.users (id) ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID',
    'ALTER TABLE posts VALIDATE CONSTRAINT posts_author_id_fkey',
  ])
  expect(addForeignKey.describe(operation)).toBe('ops.addForeignKey(posts, [author_id], references auth.users)')
  expect(addForeignKey.revert(operation)).toEqual({
    statements: ['ALTER TABLE posts DROP CONSTRAINT IF EXISTS posts_author_id_fkey'],
  })
})

test('is plain on a table that the unit created', () => {
  expect(addForeignKey.compile(operation, onNewTable)).toEqual([
    'ALTER TABLE posts ADD CONSTRAINT posts_author_id_fkey FOREIGN KEY (author_id) ' +
      'REFERENCES auth.users (id) ON DELETE CASCADE ON UPDATE NO ACTION',
  ])
})

test('refuses an action that does not exist', () => {
  const wrong = { ...operation, onDelete: 'CASCADE; DROP TABLE posts' as 'cascade' }
  expect(() => addForeignKey.compile(wrong, context)).toThrow(expect.objectContaining({ code: 'OPERATION.ARGUMENT' }))
})
