import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createReader } from './reader.js'

/** What pg_repack 1.4.8 really wrote, with its exit code. */
function recording(name: string): { readonly lines: readonly string[]; readonly exit: number } {
  const text = readFileSync(new URL(`./recordings/${name}.txt`, import.meta.url), 'utf8')
  const lines = text.trimEnd().split('\n').slice(2)
  return { lines: lines.slice(0, -1), exit: Number(/^\[exit (\d+)\]$/.exec(lines.at(-1)!)?.[1]) }
}

function read(name: string) {
  const { lines, exit } = recording(name)
  const reader = createReader({ rows: 1000 })
  for (const line of lines) reader.take(line, 'stderr')
  return { reader, exit }
}

test('a table that was repacked', () => {
  const { reader, exit } = read('success')
  expect(exit).toBe(0)
  expect(reader.failure()).toEqual([])
  expect(reader.progress()).toMatchObject({ state: 'copying', percent: null, throttleReason: null })
})

test.each([
  ['no-key', 0, ['relation "public.no_key" must have a primary key or not-null unique keys']],
  ['timeout', 0, ['timed out, do not cancel conflicting backends', 'Skipping repack public.users due to timeout']],
  [
    'leftover-trigger',
    0,
    ['the table "public.big" already has a trigger called "repack_trigger"', expect.stringMatching(/^The trigger was/)],
  ],
  ['another', 1, ['Another pg_repack command may be running on the table. Please try again later.']],
  ['unknown', 21, ['pg_repack failed with error: ERROR:  relation "public.nope" does not exist']],
  ['no-extension', 21, ['pg_repack failed with error: pg_repack 1.4.8 is not installed in the database']],
  ['mismatch', 21, [expect.stringContaining("extension 'pg_repack 1.4.8' required, found 'pg_repack 1.4.7'")]],
  ['not-superuser', 21, ['pg_repack failed with error: You must be a superuser to use pg_repack']],
  ['bad-password', 255, [expect.stringContaining('password authentication failed')]],
  [
    'terminated',
    254,
    [
      'query failed: FATAL:  terminating connection due to administrator command',
      'server closed the connection unexpectedly',
      'This probably means the server terminated abnormally',
      'before or while processing the request.',
      expect.stringMatching(/^query was: INSERT INTO repack\.table_\d+ /),
    ],
  ],
  [
    'interrupted',
    254,
    ['Cancel request sent', 'query failed: ERROR:  canceling statement due to user request', expect.any(String)],
  ],
])('%s, which ends with %i, is a failure', (name, exit, lines) => {
  const seen = read(name)
  expect(seen.exit).toBe(exit)
  expect(seen.reader.failure()).toEqual(lines)
})

test('it waits for transactions that are older than its copy, names the first, and succeeds', () => {
  const { reader, exit } = read('waits')
  expect(exit).toBe(0)
  expect(reader.failure()).toEqual([])
  expect(reader.progress().throttleReason).toMatch(/^waits for 1 transactions .* session \d+$/)
})

test('whatever it writes, nothing is thrown and the percentage is none or one', () => {
  const level = fc.constantFrom('INFO: ', 'NOTICE: ', 'WARNING: ', 'ERROR: ', 'DETAIL: ', '')
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      'repacking table "a.b"',
      'Waiting for 99999999999 transactions to finish. First PID: 1',
      'Skipping repack',
    ),
  )
  const rows = fc.option(fc.integer({ min: -1 }))
  fc.assert(
    fc.property(fc.array(fc.tuple(level, text)), rows, (lines, estimate) => {
      const reader = createReader({ rows: estimate })
      for (const [begin, rest] of lines) reader.take(begin + rest, 'stderr')
      const { percent, done, total } = reader.progress()
      expect([percent, done, total]).toEqual([null, null, null])
      expect(reader.failure().length).toBeLessThanOrEqual(6)
    }),
  )
})
