import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createFolder, type ErrorDocument, runUnprivileged } from './folder.js'

interface CheckDocument {
  readonly ok: true
  readonly passed: boolean
  readonly checked: number
  readonly errors: readonly ErrorDocument['error'][]
  readonly findings: readonly { readonly rule: string; readonly severity: string }[]
  readonly notes: readonly string[]
}

const NAME = '20261122093000_flag'
const IMPORT = "import { defineMigration, sql } from 'phasegate'\n"
const GOOD = `${IMPORT}
export default defineMigration({ expand: ({ schema }) => [schema.alterTable('users', (t) => { t.boolean('flag') })] })
`

async function checkOf(
  files: Readonly<Record<string, string>>,
): Promise<CheckDocument & { readonly code: number | null }> {
  const folder = createFolder(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`phasegate/${name}`, text])),
  )
  const result = await runCli(folder, ['check', '--json'])
  return { code: result.code, ...result.json<CheckDocument>() }
}

describe('bad migration files', () => {
  test.each([
    // file, text, code, line
    ['flag.ts', GOOD, 'MIGRATION.NAME', undefined],
    ['20261322093000_flag.sql', '-- phase: expand\nSELECT 1;', 'MIGRATION.NAME', undefined],
    ['20261122093000_größe.ts', GOOD, 'MIGRATION.NAME', undefined],
    [`${NAME}.ts`, `${IMPORT}\nconst a: number = = 3\n`, 'MIGRATION.LOAD', 3],
    [`${NAME}.mjs`, `${IMPORT}\nconst a = = 3\n`, 'MIGRATION.LOAD', 3],
    [`${NAME}.js`, 'const a = 1\nmodule.exports = { b: a.c.d }\n', 'MIGRATION.LOAD', 2],
    [`${NAME}.mts`, `${IMPORT}\nthrow 'nonsense'\n`, 'MIGRATION.LOAD', undefined],
    [`${NAME}.ts`, `${IMPORT}import { x } from './nowhere.js'\nexport default x`, 'MIGRATION.LOAD', 2],
    [
      `${NAME}.ts`,
      "import { defineMigratoin } from 'phasegate'\nexport default defineMigratoin({})",
      'MIGRATION.LOAD',
      2,
    ],
    [`${NAME}.ts`, `${IMPORT}export const migration = defineMigration({})`, 'MIGRATION.NO_EXPORT', undefined],
    [`${NAME}.ts`, `${IMPORT}defineMigration({})`, 'MIGRATION.NO_EXPORT', undefined],
    [`${NAME}.mjs`, `${IMPORT}defineMigration({})`, 'MIGRATION.NO_EXPORT', undefined],
    [`${NAME}.mjs`, 'export default 7', 'MIGRATION.NO_EXPORT', undefined],
    [
      `${NAME}.ts`,
      `${IMPORT}const bad: any = undefined\nexport default defineMigration({ x: sql\`\${bad}\` })`,
      'SQL.VALUE',
      3,
    ],
  ])('%s with %j is %s', async (file, text, code, line) => {
    const result = await checkOf({ [file]: text })
    expect(result).toMatchObject({ code: 8, passed: false })
    expect(result.errors).toHaveLength(1)
    expect(result.errors[0]).toMatchObject({ code, where: { file: `phasegate/${file}` } })
    expect(result.errors[0]?.where?.line).toBe(line)
    expect(result.errors[0]?.next.length).toBeGreaterThan(0)
  })

  test('one name with two extensions is a duplicate, told once', async () => {
    const result = await checkOf({ [`${NAME}.ts`]: GOOD, [`${NAME}.sql`]: '-- phase: expand\nSELECT 1;' })
    expect(result.errors).toMatchObject([{ code: 'MIGRATION.DUPLICATE' }])
    expect(result.errors[0]?.message).toContain(`${NAME}.ts`)
    expect(result.errors[0]?.message).toContain(`${NAME}.sql`)
  })

  test('SQL that is not UTF-8 is refused', async () => {
    const folder = createFolder({ [`phasegate/${NAME}.sql`]: '' })
    writeFileSync(join(folder.dir, `phasegate/${NAME}.sql`), Buffer.from('-- phase: expand\n-- \xe4\n', 'latin1'))
    const { errors } = (await runCli(folder, ['check', '--json'])).json<CheckDocument>()
    expect(errors).toMatchObject([{ code: 'MIGRATION.LOAD', message: expect.stringContaining('UTF-8') }])
  })

  test('all that is wrong is told, in the order of the files', async () => {
    const result = await checkOf({
      '20261122093003_c.ts': 'export default 7',
      '20261122093001_a.ts': 'const = 3',
      '20261122093002_b.ts': GOOD,
    })
    expect(result.checked).toBe(3)
    expect(result.errors.map(({ code }) => code)).toEqual(['MIGRATION.LOAD', 'MIGRATION.NO_EXPORT'])
  })

  test('other verbs stop at a wrong file with exit 2, before anything else', async () => {
    const folder = createFolder({ [`phasegate/${NAME}.ts`]: 'const = 3' })
    const result = await runCli(folder, ['manifest', '--app', 'api', '--build', 'x', '--json'])
    expect(result.code).toBe(2)
    expect(result.json<ErrorDocument>().error.code).toBe('MIGRATION.LOAD')
  })

  test('a missing folder is CONFIG.MIGRATIONS_FOLDER', async () => {
    const result = await runCli(createFolder(), ['check', '--json'])
    expect(result.code).toBe(2)
    expect(result.json<ErrorDocument>().error.code).toBe('CONFIG.MIGRATIONS_FOLDER')
  })
})

describe('good migration files', () => {
  test('ignored are .d.ts, maps, dotfiles and what begins with _; other extensions are a note', async () => {
    const result = await checkOf({
      [`${NAME}.ts`]: `import { table } from './_shared.ts'\n${GOOD.replace("'users'", 'table')}`,
      '_shared.ts': "export const table = 'users'",
      '.gitkeep': '',
      'types.d.ts': 'export {}',
      [`${NAME}.js.map`]: '{}',
      'README.md': '# notes',
    })
    expect(result).toMatchObject({ code: 0, passed: true, checked: 1, errors: [] })
    expect(result.notes).toEqual([expect.stringContaining('phasegate/README.md')])
  })

  test.each([
    [
      'a CommonJS project',
      {
        'package.json': '{"type":"commonjs"}',
        [`phasegate/${NAME}.js`]: `const { defineMigration } = require('phasegate')\nmodule.exports = ${GOOD.split('export default ')[1]}`,
      },
    ],
    ['an ES module project', { 'package.json': '{"type":"module"}', [`phasegate/${NAME}.js`]: GOOD }],
    [
      'TypeScript that needs compiling',
      { [`phasegate/${NAME}.mts`]: `enum Table { users = 'users' }\n${GOOD.replace("'users'", 'Table.users')}` },
    ],
    ['CRLF', { [`phasegate/${NAME}.sql`]: '-- phase: expand\r\nALTER TABLE users ADD COLUMN flag boolean;\r\n' }],
    [
      'a byte order mark',
      { [`phasegate/${NAME}.sql`]: '\ufeff-- phase: expand\nALTER TABLE users ADD COLUMN flag boolean;\n' },
    ],
  ])('%s works in a folder where nothing is installed', async (_, files) => {
    const result = await runCli(createFolder(files), ['check'])
    expect(result.stdout).toContain('1 migration checked: nothing wrong')
    expect(result.code).toBe(0)
  })

  test('a path with spaces and letters beyond ASCII', async () => {
    const folder = createFolder(
      {
        [`phasegate/${NAME}.ts`]: GOOD,
        'phasegate.config.ts': "import { defineConfig } from 'phasegate'\nexport default defineConfig({})",
      },
      'phasegate ä 名前 ',
    )
    expect(await runCli(folder, ['check', '--json'])).toMatchObject({ code: 0 })
    writeFileSync(join(folder.dir, `phasegate/${NAME}.ts`), `${IMPORT}\nconst = 1`)
    const result = (await runCli(folder, ['check', '--json'])).json<CheckDocument>()
    expect(result.errors).toMatchObject([{ code: 'MIGRATION.LOAD', where: { line: 3 } }])
  })

  test('a project and a home that cannot be written', async () => {
    const folder = createFolder({ [`phasegate/${NAME}.ts`]: GOOD, 'node_modules/x/package.json': '{}' })
    for (const path of ['node_modules', 'phasegate', '']) chmodSync(join(folder.dir, path), 0o555)
    const { code, stdout } = await runUnprivileged(folder, ['check'])
    chmodSync(folder.dir, 0o755)
    expect(stdout).toContain('nothing wrong')
    expect(code).toBe(0)
  })
})
