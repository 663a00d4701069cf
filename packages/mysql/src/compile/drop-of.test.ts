import type { Change, DatabaseObject } from '@phasegate/core'
import { expect, test } from 'vitest'
import { dropOf } from './drop-of.js'

function created(object: DatabaseObject, what = `create ${object.type}`): Change {
  return { action: 'create', object, what, destroys: false, tightens: false, onNew: false }
}

test.each<[Change, string | undefined]>([
  [created({ type: 'table', schema: 'a', name: 'order' }), 'DROP TABLE IF EXISTS a.`order`'],
  [created({ type: 'column', table: 'users', name: 'plan' }), 'ALTER TABLE users DROP COLUMN IF EXISTS plan'],
  [created({ type: 'index', schema: 'a', table: 'users', name: 'i' }), 'ALTER TABLE a.users DROP INDEX IF EXISTS i'],
  [
    created({ type: 'constraint', table: 'users', name: 'k' }, 'add foreign key'),
    'ALTER TABLE users DROP FOREIGN KEY IF EXISTS k',
  ],
  [
    created({ type: 'constraint', table: 'users', name: 'k' }, 'add check'),
    'ALTER TABLE users DROP CONSTRAINT IF EXISTS k',
  ],
  [created({ type: 'trigger', schema: 'a', table: 'users', name: 't' }), 'DROP TRIGGER IF EXISTS a.t'],
  [created({ type: 'view', name: 'v' }), 'DROP VIEW IF EXISTS v'],
  [created({ type: 'function', name: 'f' }, 'create procedure'), 'DROP PROCEDURE IF EXISTS f'],
  [created({ type: 'function', name: 'f' }, 'create function'), 'DROP FUNCTION IF EXISTS f'],
  [created({ type: 'index', name: 'i' }), undefined],
  [created({ type: 'table', name: 't' }, 'create table if not exists'), undefined],
  [created({ type: 'view', name: 'v' }, 'create or replace view'), undefined],
  [created({ type: 'other', name: 'x' }), undefined],
])('%j is taken away by %s', (change, statement) => {
  expect(dropOf(change)).toBe(statement)
})
