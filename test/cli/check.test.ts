import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createFolder, type ErrorDocument } from './folder.js'

const GOOD = '-- phase: expand\nALTER TABLE users ADD COLUMN flag boolean;\n'
const UNSAFE = '-- phase: expand\nALTER TABLE users\n  DROP COLUMN name;\n'
const BROKEN = '-- phase: expand\nALTER TABL users ADD COLUMN x int;\n'

const FILES = {
  'phasegate/20261122093001_good.sql': GOOD,
  'phasegate/20261122093002_unsafe.sql': UNSAFE,
  'phasegate/20261122093003_broken.sql': BROKEN,
}

describe('check', () => {
  test('tells every error and every finding of every file, and exits 8', async () => {
    const result = await runCli(createFolder(FILES), ['check'])
    expect(result.code).toBe(8)
    expect(result.stdout).toContain('phasegate/20261122093002_unsafe.sql:2')
    expect(result.stdout).toContain('phasegate/20261122093003_broken.sql:2')
    expect(result.stdout).toContain('3 migrations checked: 2 problems')
    expect(result.stderr).toBe('')
  })

  test('files, names and slugs choose what is told', async () => {
    const folder = createFolder(FILES)
    expect(await runCli(folder, ['check', 'good'])).toMatchObject({ code: 0 })
    expect(await runCli(folder, ['check', 'phasegate/20261122093002_unsafe.sql'])).toMatchObject({ code: 8 })
    const unknown = await runCli(folder, ['check', 'unsave', '--json'])
    expect(unknown.code).toBe(2)
    expect(unknown.json<ErrorDocument>().error).toMatchObject({
      code: 'MIGRATION.UNKNOWN',
      next: ["Did you mean 'unsafe'?"],
    })
  })

  test('--format github annotates lines and writes the job summary', async () => {
    const folder = createFolder({ ...FILES, summary: '' })
    const summary = join(folder.dir, 'summary')
    const result = await runCli(folder, ['check', '--format', 'github'], { env: { GITHUB_STEP_SUMMARY: summary } })
    expect(result.code).toBe(8)
    const lines = result.stdout.trim().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines)
      expect(line).toMatch(/^::error file=phasegate\/2026112209300[23]_\w+\.sql,line=2,title=[A-Z_.]+::./)
    expect(readFileSync(summary, 'utf8')).toContain('2 problems')
  })

  test('an application that the config does not know is an error that names the nearest', async () => {
    const folder = createFolder({
      'phasegate.config.mjs': 'export default { applications: { api: {}, worker: {} } }',
      'phasegate/20261122093001_m.ts': `import { defineMigration } from 'phasegate'
export default defineMigration({ applications: ['wroker'], expand: ({ ops }) => [ops.addColumn('t', 'a', 'int')] })`,
    })
    const result = await runCli(folder, ['check', '--json'])
    expect(result.json()).toMatchObject({
      errors: [{ code: 'MIGRATION.APPLICATION', next: ["Did you mean 'worker'?"] }],
    })
  })
})

describe('manifest', () => {
  const manifestOf = async (folder: { dir: string }, args: readonly string[] = []) => {
    const result = await runCli(folder, ['manifest', '--app', 'api', '--build', 'abc', ...args])
    expect(result).toMatchObject({ code: 0 })
    return result
  }

  test('is the same wherever and whenever it is made, line ends included', async () => {
    const file = 'phasegate/20261122093001_good.sql'
    const first = createFolder({ [file]: GOOD })
    const a = (await manifestOf(first)).json<{ digest: string; migrations: unknown[] }>()
    const b = (await manifestOf(createFolder({ [file]: GOOD.replaceAll('\n', '\r\n') }))).json<{ digest: string }>()
    expect(a.digest).toBe(b.digest)
    expect(a.migrations).toHaveLength(1)
    writeFileSync(join(first.dir, file), GOOD.replace('flag', 'other'))
    expect((await manifestOf(first)).json<{ digest: string }>().digest).not.toBe(a.digest)
  })

  test('--out writes it, again and again; SOURCE_DATE_EPOCH makes it the same bytes', async () => {
    const folder = createFolder({ 'phasegate/20261122093001_good.sql': GOOD })
    const args = ['manifest', '--app', 'api', '--build', 'abc', '--out', 'dist/manifest.json']
    const written: string[] = []
    for (let round = 0; round < 2; round++) {
      const result = await runCli(folder, args, { env: { SOURCE_DATE_EPOCH: '1700000000' } })
      expect(result).toMatchObject({ code: 0, stdout: 'dist/manifest.json\n' })
      written.push(readFileSync(join(folder.dir, 'dist/manifest.json'), 'utf8'))
    }
    expect(written[0]).toBe(written[1])
    expect(JSON.parse(written[0]!)).toMatchObject({
      schemaVersion: 1,
      application: 'api',
      createdAt: '2023-11-14T22:13:20.000Z',
    })
  })

  test('an application that is not named, or not known, is refused', async () => {
    const folder = createFolder({
      'phasegate/20261122093001_good.sql': GOOD,
      'phasegate.config.mjs': 'export default { applications: { api: {}, worker: {} } }',
    })
    const unnamed = await runCli(folder, ['manifest', '--build', 'x', '--json'])
    expect(unnamed.json<ErrorDocument>().error).toMatchObject({
      code: 'MANIFEST.APP',
      next: ['--app is one of: api, worker'],
    })
    const unknown = await runCli(folder, ['manifest', '--app', 'apii', '--build', 'x', '--json'])
    expect(unknown.json<ErrorDocument>().error).toMatchObject({ code: 'MANIFEST.APP', next: ["Did you mean 'api'?"] })
  })

  test('a build without a name is refused outside CI and git', async () => {
    const folder = createFolder({ 'phasegate/20261122093001_good.sql': GOOD })
    const result = await runCli(folder, ['manifest', '--app', 'api', '--json'])
    expect(result.json<ErrorDocument>().error.code).toBe('MANIFEST.BUILD')
    const ci = await runCli(folder, ['manifest', '--app', 'api', '--json'], { env: { GITHUB_SHA: 'f00' } })
    expect(ci.json()).toMatchObject({ ok: true, manifest: { build: 'f00' } })
  })
})
