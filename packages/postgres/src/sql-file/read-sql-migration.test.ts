import { PhasegateError } from '@phasegate/core'
import { readSqlMigration } from '@phasegate/core/compile'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseStatements } from '../parse/parse-statements.js'
import { loadParser } from '../parse/parser.js'
import { postgresLanguage } from '../postgres-language.js'

beforeAll(loadParser)

/** "Expand-Contract Example" of the reference article, word for word. */
const ARTICLE = `-- Phase 1: EXPAND (deploy-safe)
-- Add new column, nullable
ALTER TABLE users ADD COLUMN email_verified BOOLEAN;

-- Phase 2: MIGRATE (background job)
-- Backfill data
UPDATE users SET email_verified = (verified_at IS NOT NULL)
WHERE email_verified IS NULL;

-- Phase 3: CONTRACT (after all code uses new column)
-- Add constraint
ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT FALSE;
ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL;

-- Drop old column (if applicable)
ALTER TABLE users DROP COLUMN verified_at;
`

function read(text: string) {
  return readSqlMigration(text, 'm.sql', postgresLanguage)
}

describe('readSqlMigration', () => {
  it("reads the reference article's example word for word", () => {
    const { phases, appUses, sync, batch } = read(ARTICLE)
    expect({ appUses, sync, batch }).toEqual({ appUses: undefined, sync: [], batch: undefined })
    const statements = (phase: 'expand' | 'backfill' | 'contract') =>
      parseStatements(phases[phase]!.text, 'm.sql', phases[phase]!.line).map(({ text, line }) => `${line}: ${text}`)
    expect(statements('expand')).toEqual(['3: ALTER TABLE users ADD COLUMN email_verified BOOLEAN'])
    expect(statements('backfill')).toEqual([
      '7: UPDATE users SET email_verified = (verified_at IS NOT NULL)\nWHERE email_verified IS NULL',
    ])
    expect(statements('contract')).toEqual([
      '12: ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT FALSE',
      '13: ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL',
      '16: ALTER TABLE users DROP COLUMN verified_at',
    ])
  })

  it.each([
    ['a byte order mark', `\uFEFF${ARTICLE}`],
    ['CRLF', ARTICLE.replaceAll('\n', '\r\n')],
  ])('does not mind %s', (_, text) => {
    const { phases } = read(text)
    expect(Object.keys(phases)).toEqual(['expand', 'backfill', 'contract'])
    expect(parseStatements(phases.contract!.text, 'm.sql', phases.contract!.line).map(({ line }) => line)).toEqual([
      12, 13, 16,
    ])
  })

  it('reads every setting', () => {
    const migration = read(`-- A migration of ours. Note: settings may stand anywhere.
-- app-uses: api=new worker=both
-- applications: api, worker
-- phase: expand (safe)
-- count-writers: t.b, billing.invoice.y
-- sync: forward a = (b IS NOT NULL), "C" = coalesce(d, 'x, y')
-- sync: backward b = CASE WHEN a THEN now() END
-- sync on billing."Invoice": forward x = y -- remark
ALTER TABLE t ADD a boolean;
-- phase: backfill
-- batch: key="Id" size=500 time=100 once
UPDATE t SET a = b IS NOT NULL;
-- phase: revert
ALTER TABLE t DROP a;`)
    expect(migration).toMatchObject({
      appUses: { api: 'new', worker: 'both' },
      applications: ['api', 'worker'],
      countWriters: { columns: ['t.b', 'billing.invoice.y'], where: { file: expect.any(String), line: 5 } },
      batch: { key: ['Id'], size: 500, time: 100, once: true },
      sync: [
        {
          table: undefined,
          forward: { a: '(b IS NOT NULL)', C: "coalesce(d, 'x, y')" },
          backward: { b: 'CASE WHEN a THEN now() END' },
          line: 6,
        },
        { table: { schema: 'billing', name: 'Invoice' }, forward: { x: 'y' }, backward: {}, line: 8 },
      ],
    })
    expect(Object.keys(migration.phases)).toEqual(['expand', 'backfill', 'revert'])
    expect(migration.phases.revert).toEqual({ text: 'ALTER TABLE t DROP a;', line: 14 })
  })

  it.each([
    ['key=id', ['id']],
    ['key=(tenant_id,Id)', ['tenant_id', 'id']],
    ['key=( tenant_id , "My, (Id)" ) size=5', ['tenant_id', 'My, (Id)']],
    ['once key=("a""b")', ['a"b']],
  ])('reads the columns of %s', (batch, key) => {
    const text = `-- phase: backfill\n-- batch: ${batch}\nUPDATE t SET a = 1;`
    expect(read(text)).toMatchObject({ batch: { key } })
  })

  it.each([
    ['onError=quarantine', { quarantine: { limit: 100 } }],
    ['size=5 onError=quarantine(200) once', { size: 5, quarantine: { limit: 200 }, once: true }],
    ['onError=stop', {}],
  ])('reads what becomes of rows that cannot be changed: %s', (batch, read_) => {
    expect(read(`-- phase: backfill\n-- batch: ${batch}\nUPDATE t SET a = 1;`).batch).toEqual(read_)
  })

  it.each(['onError', 'onError=skip', 'onError=quarantine(0)', 'onError=quarantine(501)', 'onError=stop onError=stop'])(
    'refuses %s',
    (batch) => {
      expect(() => read(`-- phase: backfill\n-- batch: ${batch}\nUPDATE t SET a = 1;`)).toThrow(
        expect.objectContaining({ code: 'MIGRATION.BAD_SETTING' }),
      )
    },
  )

  it('reads when a backfill may work and what it looks at', () => {
    const text = `-- phase: backfill
-- only: 22:00-06:00 Europe/Berlin, 12:00-13:00
-- throttle: replicaLag soft=2s hard=1m
-- throttle: slotWal hard=8GB
-- throttle: threadsRunning soft=30
-- throttle: waiters off
-- throttle: every=500ms
-- throttle: standbys=reading-1,reading-2
-- throttle: http=http://freno:9777/check
UPDATE t SET a = 1;`
    expect(read(text)).toMatchObject({
      only: [
        { start: 1320, end: 360, zone: 'Europe/Berlin' },
        { start: 720, end: 780, zone: 'UTC' },
      ],
      throttle: {
        every: 500,
        signals: {
          replicaLag: { soft: 2000, hard: 60_000 },
          slotWal: { soft: null, hard: 8 * 1024 ** 3 },
          threadsRunning: { soft: 30, hard: null },
          waiters: null,
        },
        standbys: ['reading-1', 'reading-2'],
        http: ['http://freno:9777/check'],
      },
    })
    expect(read('-- phase: backfill\n-- throttle: off\nUPDATE t SET a = 1;').throttle).toBe(false)
    expect(read('-- phase: backfill\nUPDATE t SET a = 1;')).toMatchObject({ only: undefined, throttle: undefined })
  })

  it.each(['key=(a', 'key=()', 'key=(a,)', 'key=(a b)', 'key=(a),(b)'])('refuses %s', (batch) => {
    expect(() => read(`-- phase: backfill\n-- batch: ${batch}\nUPDATE t SET a = 1;`)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^MIGRATION\.(BAD|UNKNOWN)_SETTING$/) }),
    )
  })

  it('takes nothing for a header that stands in a string, a dollar quote or a block comment', () => {
    const text = `-- phase: expand
SELECT '
-- phase: contract
', $$
-- Phase 2: MIGRATE
-- pahse: x
$$ /*
-- phase: revert
*/;`
    expect(Object.keys(read(text).phases)).toEqual(['expand'])
  })

  it('keeps empty phases, so that the template can be told from a mistake', () => {
    expect(read('-- phase: expand\n-- phase: contract').phases).toEqual({
      expand: { text: '', line: 2 },
      contract: { text: '', line: 3 },
    })
  })

  it.each([
    ['SELECT 1;', 'MIGRATION.NO_PHASE', 1, ''],
    ['', 'MIGRATION.NO_PHASE', 1, ''],
    ['-- only a remark', 'MIGRATION.NO_PHASE', 1, ''],
    ['-- x\nSELECT 1;\n-- phase: expand\n', 'MIGRATION.NO_PHASE', 2, ''],
    ['-- phase: expnad\n', 'MIGRATION.UNKNOWN_PHASE', 1, 'expand'],
    ['-- phase:\n', 'MIGRATION.UNKNOWN_PHASE', 1, ''],
    ['-- phase: expand\n-- Phase 4: CLEANUP now\n', 'MIGRATION.UNKNOWN_PHASE', 2, ''],
    ['-- phase: expand\n-- phase: contract\n-- Phase 1: EXPAND again', 'MIGRATION.DUPLICATE_PHASE', 3, ''],
    ['-- phase: expand\nSELECT 1; -- phase: contract', 'MIGRATION.MISPLACED_PHASE', 2, ''],
    ['-- pahse: expand\n', 'MIGRATION.UNKNOWN_SETTING', 1, 'phase'],
    ['-- phase: expand\n-- appUses: both', 'MIGRATION.UNKNOWN_SETTING', 2, 'app-uses'],
    ['-- phase: expand\n-- app uses: both', 'MIGRATION.UNKNOWN_SETTING', 2, 'app-uses'],
    ['-- phase: expand\n-- aplications: a', 'MIGRATION.UNKNOWN_SETTING', 2, 'applications'],
    ['-- phase: expand\n-- alow: X.Y because', 'MIGRATION.UNKNOWN_SETTING', 2, 'allow'],
    ['-- phase: expand\n-- app-uses: nwe', 'MIGRATION.BAD_SETTING', 2, 'new'],
    ['-- phase: expand\n-- app-uses: ', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- app-uses: api=new api=both', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- app-uses: new old', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- app-uses: new\n-- app-uses: old', 'MIGRATION.DUPLICATE_SETTING', 3, ''],
    ['-- phase: expand\n-- applications:', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- count-writers:', 'MIGRATION.BAD_SETTING', 2, 'users.verified_at'],
    ['-- phase: expand\n-- count-writers: a.b, a.b', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- count writers: a.b', 'MIGRATION.UNKNOWN_SETTING', 2, 'count-writers'],
    ['-- phase: expand\n-- engine: gh-ost', 'SQL.ENGINE', 2, ''],
    ['-- phase: expand\n-- batch: size=1', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- batch: size=0', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- batch: size=1e3', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- batch:', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- batch: once=no', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- batch: sise=10', 'MIGRATION.UNKNOWN_SETTING', 2, 'size'],
    ['-- phase: expand\n-- only: 22:00-06:00', 'MIGRATION.BAD_SETTING', 2, '-- phase: backfill'],
    ['-- phase: backfill\n-- only: at night', 'MIGRATION.BAD_SETTING', 2, '22:00-06:00 Europe/Berlin'],
    ['-- phase: backfill\n-- only: 22:00-06:00\n-- only: 12:00-13:00', 'MIGRATION.DUPLICATE_SETTING', 3, ''],
    ['-- phase: backfill\n-- throtle: off', 'MIGRATION.UNKNOWN_SETTING', 2, 'throttle'],
    ['-- phase: expand\n-- throttle: off', 'MIGRATION.BAD_SETTING', 2, '-- phase: backfill'],
    ['-- phase: backfill\n-- throttle: off\n-- throttle: waiters off', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- throttle: waiters off\n-- throttle: waiters soft=1', 'MIGRATION.BAD_SETTING', 3, ''],
    ['-- phase: backfill\n-- throttle:', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- throttle: waiters', 'MIGRATION.BAD_SETTING', 2, 'one signal a line'],
    ['-- phase: backfill\n-- throttle: waiters soft=1 soft=2', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- throttle: waiters soft=many', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- throttle: waiters soft=5 hard=1', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- throttle: waiter soft=5', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- throttle: every=1ms', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: backfill\n-- throttle: http=freno/check', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- sync: a = b', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- sync: forward a = (b', 'SQL.SYNTAX', 2, ''],
    ['-- phase: expand\n-- sync: forward a = b WHERE c', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- sync: forward a = b; DROP TABLE t', 'MIGRATION.BAD_SETTING', 2, ''],
    ['-- phase: expand\n-- sync: forward a = b\n-- sync: forward a = c', 'MIGRATION.BAD_SETTING', 3, ''],
    ['-- phase: expand\n-- sync on a, b: forward a = b', 'SQL.SYNTAX', 2, ''],
    ["-- phase: expand\nSELECT 'x\n", 'SQL.SYNTAX', 2, ''],
    ['-- phase: expand\n\0', 'SQL.CHARACTER', 2, ''],
  ])('refuses %j with a code, the line and the nearest word', (text, code, line, nearest) => {
    let error: unknown
    try {
      read(text)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(PhasegateError)
    expect(error).toMatchObject({ code, exit: 2, where: { file: 'm.sql', line } })
    expect((error as PhasegateError).next.join(' ')).toContain(nearest)
  })

  it.each([
    'note: mind the gap',
    'TODO: later',
    'see https://example.org',
    'since: v2',
    'Phase 2 follows',
    'the base: users',
  ])('reads -- %s as a remark', (comment) => {
    expect(Object.keys(read(`-- ${comment}\n-- phase: expand\n-- ${comment}\nSELECT 1;`).phases)).toEqual(['expand'])
  })

  it('answers any text with a migration or a coded error', { timeout: 60_000 }, () => {
    const line = fc.constantFrom(
      '-- phase: expand',
      '-- phase: backfill',
      '-- Phase 3: CONTRACT x',
      '-- sync: forward a = b',
      '-- batch: once',
      '-- app-uses: both',
      'SELECT 1;',
      "'",
      '$$',
      '/*',
      '*/',
      '\r',
      '\uFEFF',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string({ unit: 'binary', maxLength: 8 })), { maxLength: 10 }), (lines) => {
        try {
          read(lines.join('\n'))
        } catch (error) {
          expect(error).toBeInstanceOf(PhasegateError)
        }
      }),
      { numRuns: 150 },
    )
  })
})
