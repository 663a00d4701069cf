import { type BackfillDefinition, type CompiledBackfill, type SetBackfill, sql } from '@phasegate/core'
import { expect, test } from 'vitest'
import { compileDefinition, compileText } from './compile-fixtures.test.support.js'

async function compile(backfill: BackfillDefinition): Promise<CompiledBackfill> {
  return (await compileDefinition({ appUses: 'both', backfill })).units.backfill!.backfill!
}

test('takes every option', async () => {
  const compiled = await compile({
    table: { schema: 'app', table: 'Users' },
    set: { plan: sql`${'free'}`, Größe: sql`width * height` },
    where: sql`plan IS NULL`,
    key: 'number',
    batch: { size: 50, time: 100 },
    once: true,
  })
  expect(compiled).toEqual({
    table: { schema: 'app', name: 'Users' },
    set: [
      { column: 'plan', expression: "'free'" },
      { column: 'Größe', expression: 'width * height' },
    ],
    where: 'plan IS NULL',
    key: ['number'],
    batchSize: 50,
    batchTime: 100,
    once: true,
    whereEnds: true,
    comparable: true,
    reads: ['width', 'height', 'plan'],
    written: `UPDATE app."Users" SET plan = 'free', "Größe" = width * height WHERE plan IS NULL`,
    location: { file: 'test.ts' },
  })
})

test('reads the batch line of an SQL file', async () => {
  const { units } = await compileText(
    '-- batch: key=nr size=7 time=9 once onError=quarantine(3)\n-- phase: backfill\nUPDATE a SET n = n + 1;',
  )
  expect(units.backfill?.backfill).toMatchObject({
    key: ['nr'],
    batchSize: 7,
    batchTime: 9,
    once: true,
    quarantine: { limit: 3 },
  })
})

test.each<[string, Omit<SetBackfill, 'table'>, boolean]>([
  ['another column', { set: { b: sql`a` } }, true],
  ['the clock, under a where that tells what is done', { set: { b: sql`now()` }, where: sql`b IS NULL` }, false],
  ['the clock in its where', { set: { b: sql`1` }, where: sql`a < CURRENT_DATE` }, false],
  ['chance in its where', { set: { b: sql`1` }, where: sql`random() < 0.5` }, false],
  ['an age between two columns', { set: { b: sql`age(a, c)` } }, true],
  ['a constant', { set: { b: sql`1` } }, true],
  [
    'its own target, under a where that tells what is done',
    { set: { e: sql`lower(e)` }, where: sql`e <> lower(e)` },
    true,
  ],
  ['its own target, once', { set: { n: sql`n + 1` }, once: true }, false],
  ['its own target, once, under a where', { set: { n: sql`n + 1` }, where: sql`n < 10`, once: true }, false],
  [
    'its own target, once, under a where over other columns',
    { set: { n: sql`n + 1` }, where: sql`k`, once: true },
    false,
  ],
  [
    'chance, under a where that tells what is done',
    { set: { t: sql`gen_random_uuid()` }, where: sql`t IS NULL` },
    false,
  ],
  ['chance, once', { set: { t: sql`random()` }, once: true }, false],
])('an expression over %s compiles', async (_, form, comparable) => {
  expect((await compile({ table: 'a', ...form })).comparable).toBe(comparable)
})

test('has the end of a where seen to while it runs, where a row must not be changed twice', async () => {
  const mustEnd = async (form: Omit<SetBackfill, 'table'>) => (await compile({ table: 'a', ...form })).mustEnd
  expect(await mustEnd({ set: { n: sql`n + 1` }, where: sql`n IS NOT NULL` })).toBe(true)
  expect(await mustEnd({ set: { t: sql`now()` }, where: sql`t IS NULL` })).toBe(true)
  expect(await mustEnd({ set: { n: sql`n + 1` }, where: sql`n < 10`, once: true })).toBeUndefined()
  expect(await mustEnd({ set: { b: sql`a` }, where: sql`b IS NULL` })).toBeUndefined()
})

test.each<[string, Omit<SetBackfill, 'table'>]>([
  ['its own target', { set: { n: sql`n + 1` } }],
  ['its own target, under a where over other columns', { set: { n: sql`n + 1` }, where: sql`kind = 1` }],
  ['the other one of two targets', { set: { a: sql`b`, b: sql`a` } }],
  ['the whole row', { set: { n: sql`row_to_json(a.*)` } }],
  ['chance', { set: { t: sql`gen_random_uuid()` } }],
  ['the clock', { set: { t: sql`now()` } }],
  ['the word for now', { set: { t: sql`'now'::timestamptz` }, where: sql`kind = 1` }],
  ['chance, under a where over other columns', { set: { t: sql`gen_random_uuid()` }, where: sql`kind = 1` }],
])('an expression over %s must say once', async (_, form) => {
  await expect(compile({ table: 'a', ...form })).rejects.toMatchObject({ code: 'BACKFILL.NOT_IDEMPOTENT' })
  await expect(compile({ table: 'a', ...form, once: true })).resolves.toMatchObject({ once: true, comparable: false })
})
