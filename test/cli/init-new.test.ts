import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProject } from '../support/project.js'
import { runCli } from '../support/run-cli.js'
import { createFolder, type ErrorDocument, runUnprivileged } from './folder.js'

interface NewDocument {
  readonly ok: true
  readonly name: string
  readonly file: string
}

describe('init', () => {
  test('writes a config and the folder, and never overwrites', async () => {
    const folder = createFolder()
    const first = await runCli(folder, ['init', '--app-roles', 'app, worker', '--json'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.json()).toMatchObject({ ok: true, written: ['phasegate.config.ts', 'phasegate/'], kept: [] })
    const config = join(folder.dir, 'phasegate.config.ts')
    expect(readFileSync(config, 'utf8')).toContain("appRoles: ['app', 'worker']")
    expect(readFileSync(config, 'utf8')).toContain('// process.loadEnvFile()')
    writeFileSync(config, 'export default {}\n')
    const second = await runCli(folder, ['init', '--json'])
    expect(second.json()).toMatchObject({ written: [], kept: ['phasegate.config.ts', 'phasegate/'] })
    expect(readFileSync(config, 'utf8')).toBe('export default {}\n')
  })

  test.each([
    [
      'knexfile.js',
      "module.exports = { development: { client: 'pg', connection: 'postgres://u:s3cret@h/d' } }",
      'NODE_ENV',
    ],
    [
      'knexfile.ts',
      "const c: object = { client: 'pg', connection: { host: 'h' } }\nexport default c",
      'database: knexfile,',
    ],
    ['knexfile.mjs', "export default { client: 'mysql2', connection: 'mysql://u:s3cret@h/d' }", 'database: knexfile,'],
  ])('takes the connection from %s by import, and prints both commands in order', async (file, text, expected) => {
    const folder = createFolder({ [file]: text })
    const { stdout, stderr, code } = await runCli(folder, ['init'])
    expect(code).toBe(0)
    const config = readFileSync(join(folder.dir, 'phasegate.config.ts'), 'utf8')
    expect(config).toContain(`import knexfile from './${file}'`)
    expect(config).toContain(expected)
    expect(config + stdout + stderr).not.toContain('s3cret')
    expect(stderr).toMatch(/knex migrate:latest[\s\S]*phasegate expand/)
    const next = await runCli(folder, ['new', 'first', '--json'])
    expect(next).toMatchObject({ code: 0 })
  })

  test('a knexfile for another database is told and not used', async () => {
    const folder = createFolder({ 'knexfile.cjs': "module.exports = { client: 'oracledb', connection: {} }" })
    const result = await runCli(folder, ['init', '--json'])
    expect(result.json<{ notes: string[] }>().notes[0]).toContain(
      'oracledb; Phasegate speaks PostgreSQL, MySQL and MariaDB',
    )
    expect(readFileSync(join(folder.dir, 'phasegate.config.ts'), 'utf8')).not.toContain('knexfile')
  })

  test('a read-only folder is a coded error', async () => {
    const folder = createFolder()
    chmodSync(folder.dir, 0o555)
    const { code, stdout } = await runUnprivileged(folder, ['init', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'FILE.WRITE' } })
  })
})

describe('new', () => {
  test('a name of UTC digits and a slug, in TypeScript or SQL', async () => {
    const project = createProject()
    const ts = (await runCli(project, ['new', 'Add flag', '--json'], { env: { TZ: 'Asia/Tokyo' } })).json<NewDocument>()
    expect(ts.name).toMatch(/^\d{14}_add_flag$/)
    expect(
      Math.abs(Date.now() - Date.parse(ts.name.replace(/^(....)(..)(..)(..)(..)(..).*/, '$1-$2-$3T$4:$5:$6Z'))),
    ).toBeLessThan(60_000)
    expect(ts.file).toBe(`phasegate/${ts.name}.ts`)
    const sql = (await runCli(project, ['new', 'second', '--sql', '--json'])).json<NewDocument>()
    expect(sql.file).toBe(`phasegate/${sql.name}.sql`)
    expect(sql.name > ts.name).toBe(true)
  })

  test('sorts after a file that is dated in the future', async () => {
    const project = createProject({ 'phasegate/20991231235959_late.sql': '-- phase: expand\nSELECT 1;' })
    const { name } = (await runCli(project, ['new', 'next', '--json'])).json<NewDocument>()
    expect(name).toBe('21000101000000_next')
  })

  test.each(['ts', 'sql'])('an untouched template in %s is MIGRATION.EMPTY', async (format) => {
    const project = createProject()
    await runCli(project, ['new', 'flag', `--${format}`])
    const file = readdirSync(join(project.dir, 'phasegate'))[0]!
    const check = await runCli(project, ['check', '--json'])
    expect(check.code).toBe(8)
    expect(check.json()).toMatchObject({ errors: [{ code: 'MIGRATION.EMPTY', where: { file: `phasegate/${file}` } }] })
  })

  test('a slug that makes no name is refused', async () => {
    const result = await runCli(createFolder(), ['new', '???', '--json'])
    expect(result.code).toBe(2)
    expect(result.json<ErrorDocument>().error.code).toBe('MIGRATION.SLUG')
  })

  test('a folder that cannot be written is a coded error', async () => {
    const folder = createFolder({ 'phasegate.config.mjs': "export default { migrations: 'a/b' }", a: 'a file' })
    const result = await runCli(folder, ['new', 'flag', '--json'])
    expect(result.code).toBe(2)
    expect(result.json<ErrorDocument>().error).toMatchObject({
      code: 'FILE.WRITE',
      where: { file: expect.stringContaining('a/b/') },
    })
  })
})
