import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createFolder, type ErrorDocument } from './folder.js'

/** `new` reads the whole configuration and needs neither migrations nor a database. */
async function refusal(config: string, env: Record<string, string> = {}, args: readonly string[] = []) {
  const folder = createFolder({ 'phasegate.config.ts': config })
  const result = await runCli(folder, ['new', 'flag', '--json', ...args], { env })
  expect(result.code).toBe(2)
  return { ...result.json<ErrorDocument>().error, output: result.stdout + result.stderr }
}

const define = (body: string): string =>
  `import { defineConfig, approval, soak } from 'phasegate'\n\nexport default defineConfig(${body})\n`

describe('config', () => {
  test.each([
    ["{\n  databse: 'postgres://h/d',\n}", 'CONFIG.UNKNOWN_KEY', "'databse'", "Did you mean 'database'?", 4],
    ['{\n  lock: { lockTimeOut: 5 },\n}', 'CONFIG.UNKNOWN_KEY', "'lock.lockTimeOut'", "Did you mean 'lockTimeout'?", 4],
    [
      "{ applications: { api: { seenEvry: '1h' } } }",
      'CONFIG.UNKNOWN_KEY',
      "'applications.api.seenEvry'",
      "'seenEvery'",
      3,
    ],
    ['{ gates: { contrat: [] } }', 'CONFIG.UNKNOWN_KEY', "'gates.contrat'", "'contract'", 3],
    ['{ colour: true }', 'CONFIG.UNKNOWN_KEY', "'colour'", 'Settings here are: database', 3],
    ['{ targets: {} }', 'CONFIG.NOT_YET', "'targets'", "Remove 'targets'", 3],
    ["{ engines: { prefer: ['pgroll'] } }", 'CONFIG.VALUE', "'gh-ost' or 'pt-osc'", 'Correct', 3],
    ["{ engines: { thresholdBytes: 'much' } }", 'CONFIG.VALUE', "'512MB', '1GB'", 'Correct', 3],
    ["{ engines: { 'gh-ost': { paht: 'x' } } }", 'CONFIG.UNKNOWN_KEY', "'engines.gh-ost.paht'", "'path'", undefined],
    ['{ backfill: { workers: 0 } }', 'CONFIG.VALUE', '1 or more', 'Correct', 3],
    ['{ backfill: { workers: 65 } }', 'CONFIG.VALUE', 'from 1 to 64', 'Correct', 3],
    ["{ lock: { maxLockWait: 'soon' } }", 'CONFIG.VALUE', 'lock.maxLockWait', 'Correct', 3],
    ["{ lock: { lockTimeout: '5s' } }", 'CONFIG.VALUE', 'from 1 ms to 1 s', 'Correct', 3],
    ["{ appRoles: 'app' }", 'CONFIG.VALUE', 'a list of role names', 'Correct', 3],
    ["{ gates: { contract: ['approval'] } }", 'CONFIG.VALUE', 'a gate, such as approval()', 'Correct', 3],
    ['{ backfill: { batchSize: 0 } }', 'CONFIG.VALUE', '1 or more', 'Correct', 3],
    ["{ backfill: { only: 'at night' } }", 'CONFIG.VALUE', "such as '22:00-06:00 Europe/Berlin'", 'Correct', 3],
    ['{ backfill: { throttle: { replicaLagg: {} } } }', 'CONFIG.VALUE', "perhaps 'replicaLag'", 'Correct', 3],
    ["{ dialect: 'oracle' }", 'CONFIG.DIALECT', "'oracle' (from phasegate.config.ts)", 'mysql://', undefined],
    ["{ database: 'oracle://u:s3cret@h/d' }", 'CONFIG.DIALECT', "'oracle'", 'postgres://', undefined],
    ["{ database: { client: 'sqlite3', connection: {} } }", 'CONFIG.DIALECT', "'sqlite3'", 'postgres://', undefined],
    ["{ dialect: 'postgres', database: 'mysql://u:s3cret@h/d' }", 'CONFIG.DIALECT', 'is mysql', 'Leave', undefined],
    [
      "{ dialect: 'mariadb', database: { client: 'pg', connection: {} } }",
      'CONFIG.DIALECT',
      'is postgres',
      'Leave',
      undefined,
    ],
    ['{ serverVersion: 10.11 }', 'CONFIG.VALUE', "text such as '8.4'", "Correct 'serverVersion'", 3],
    ["{ serverVersion: 'latest' }", 'CONFIG.VALUE', 'a version: 18', 'Correct', 3],
    ["{ database: 'localhost/d' }", 'CONFIG.DATABASE_URL', 'not a URL', 'postgres://', undefined],
    ["{ database: 'postgres://u:s3cret@h:99999/d' }", 'CONFIG.DATABASE_URL', 'not a URL', 'percent-encoded', undefined],
    ['{ database: { query() {}, connect() {} } }', 'CONFIG.POOL', 'a live pool', 'the URL', undefined],
    ['{ database: 5 }', 'CONFIG.VALUE', "'database' must be", 'Correct', undefined],
  ])('%s is %s', async (body, code, says, next, line) => {
    const error = await refusal(define(body))
    expect(error.code).toBe(code)
    expect(error.message).toContain(says)
    expect(error.next.join('\n')).toContain(next)
    expect(error.output).not.toContain('s3cret')
    if (line !== undefined) expect(error.where).toEqual({ file: 'phasegate.config.ts', line })
  })

  test.each([
    ['const x = = 3', 'CONFIG.LOAD', 1],
    ["import { a } from './nope.js'\nexport default { a }", 'CONFIG.LOAD', 1],
    ['const a: any = null\n\nexport default { b: a.c.d }', 'CONFIG.LOAD', 3],
    ["throw new Error('postgres://u:s3cret@h/d is not there')", 'CONFIG.LOAD', 1],
    ['export const config = {}', 'CONFIG.NO_EXPORT', undefined],
    ["import { defineConfig } from 'phasegate'\ndefineConfig({})", 'CONFIG.NO_EXPORT', undefined],
    ['export default 7', 'CONFIG.NO_EXPORT', undefined],
    ['export default []', 'CONFIG.NO_EXPORT', undefined],
  ])('a config that is %j is %s', async (text, code, line) => {
    const error = await refusal(text)
    expect(error.code).toBe(code)
    expect(error.where).toEqual(
      line === undefined ? { file: 'phasegate.config.ts' } : { file: 'phasegate.config.ts', line },
    )
    expect(error.output).not.toContain('s3cret')
  })

  test.each([
    "{ database: 'mysql://u@h/d' }",
    "{ database: 'mariadb://u@h/d', dialect: 'mysql' }",
    "{ database: 'mysql://u@h/d', dialect: 'mariadb', serverVersion: '10.11.6' }",
    "{ database: { client: 'mysql2', connection: {} }, serverVersion: 9 }",
    "{ database: { host: 'h' }, dialect: 'mariadb', serverVersion: '10.6.12-MariaDB-log' }",
    "{ backfill: { only: ['22:00-06:00 Europe/Berlin'], maxRowsPerSecond: 9, throttle: { replicaLag: { soft: '2s' } } } }",
    "{ database: { client: 'pg', connection: { host: 'h' }, searchPath: ['a b', 'public'] }, serverVersion: 18 }",
  ])('%s is right', async (body) => {
    const folder = createFolder({ 'phasegate.config.ts': define(body) })
    expect(await runCli(folder, ['new', 'flag', '--json'])).toMatchObject({ code: 0 })
  })

  test('a wrong variable and a wrong flag are named', async () => {
    const variable = await refusal(define('{}'), { PHASEGATE_BATCH_SIZE: 'many' })
    expect(variable.message).toContain('PHASEGATE_BATCH_SIZE')
    const version = await refusal(define('{}'), { PHASEGATE_SERVER_VERSION: 'new' })
    expect(version).toMatchObject({
      code: 'CONFIG.VALUE',
      message: expect.stringContaining('PHASEGATE_SERVER_VERSION'),
    })
    const wait = await refusal(define('{}'), { PHASEGATE_MAX_LOCK_WAIT: 'soon' })
    expect(wait).toMatchObject({ code: 'CONFIG.VALUE', message: expect.stringContaining('PHASEGATE_MAX_LOCK_WAIT') })
    const flag = await refusal(define('{}'), {}, ['--database', 'nonsense'])
    expect(flag).toMatchObject({ code: 'CONFIG.DATABASE_URL', message: expect.stringContaining('--database') })
  })

  test('flag wins over PHASEGATE_DATABASE_URL, that over the file, and DATABASE_URL counts last', async () => {
    const file = define("{ database: 'wrong://file' }")
    const all = { PHASEGATE_DATABASE_URL: 'wrong://own', DATABASE_URL: 'wrong://bare' }
    const silent = define('{ database: process.env.NOT_SET }')
    const said = async (...given: Parameters<typeof refusal>) => (await refusal(...given)).message
    expect(await said(file, all, ['--database', 'wrong://flag'])).toContain('from --database')
    expect(await said(file, all)).toContain('from PHASEGATE_DATABASE_URL')
    expect(await said(file, { DATABASE_URL: all.DATABASE_URL })).toContain('from phasegate.config.ts')
    expect(await said(silent, { DATABASE_URL: all.DATABASE_URL })).toContain('from DATABASE_URL')
  })

  test('a missing --config is an error, and there is no search upwards', async () => {
    const folder = createFolder({ 'phasegate.config.ts': define('{ nonsense: 1 }'), 'sub/x': '' })
    const missing = await runCli(folder, ['new', 'flag', '--json', '--config', 'other.ts'])
    expect(missing.json<ErrorDocument>().error.code).toBe('CONFIG.NOT_FOUND')
    const sub = await runCli({ dir: `${folder.dir}/sub` }, ['new', 'flag', '--json'])
    expect(sub.code).toBe(0)
  })

  test('paths in a config are relative to it', async () => {
    const folder = createFolder({ 'db/billing.config.ts': define("{ migrations: './billing' }") })
    const result = await runCli(folder, ['new', 'flag', '--json', '--config', 'db/billing.config.ts'])
    expect(result.json<{ file: string }>().file).toMatch(/^db\/billing\/\d{14}_flag\.ts$/)
  })

  test('what a config logs does not end up in the data', async () => {
    const folder = createFolder({ 'phasegate.config.mjs': "console.log('hello')\nexport default {}" })
    const result = await runCli(folder, ['new', 'flag', '--json'])
    expect(result.json()).toMatchObject({ ok: true })
    expect(result.stderr).toContain('hello')
  })
})

test('a variable that looks misspelt is named where no database was found', async () => {
  const folder = createFolder({ 'phasegate/.gitkeep': '' })
  const env = { PHASEGATE_DATABSE_URL: 'postgres://u:s3cret@h/d' }
  const result = await runCli(folder, ['expand', '--json'], { env })
  expect(result.code).toBe(2)
  expect(result.json<ErrorDocument>().error).toMatchObject({
    code: 'CONFIG.NO_DATABASE',
    why: 'PHASEGATE_DATABSE_URL is not a setting; did you mean PHASEGATE_DATABASE_URL?',
  })
  expect(result.stdout + result.stderr).not.toContain('s3cret')
})
