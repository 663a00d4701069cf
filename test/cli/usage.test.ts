import { describe, expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createFolder, type ErrorDocument } from './folder.js'

describe('usage', () => {
  test.each([
    [[], 'VERB.USAGE', 'Which verb'],
    [['chek'], 'VERB.UNKNOWN', "'chek'"],
    [['chek', '--whatever'], 'VERB.UNKNOWN', "'chek'"],
    [['--nope'], 'VERB.USAGE', '--nope'],
    [['check', '--nope'], 'VERB.USAGE', '--nope'],
    [['new'], 'VERB.USAGE', 'slug'],
    [['new', 'a', 'b'], 'VERB.USAGE', 'Too many arguments'],
    [['new', 'a', '--sql', '--ts'], 'VERB.USAGE', 'not both'],
    [['check', '--format', 'xml'], 'VERB.USAGE', 'xml'],
    [['worker', '--any', 'flag'], 'VERB.USAGE', '--any'],
    [['worker', '--health-port', 'high'], 'CONFIG.VALUE', 'worker.healthPort'],
    [['repair'], 'VERB.USAGE', 'unit'],
    [['baseline'], 'VERB.NOT_YET', 'baseline'],
  ])('phasegate %j is refused with %s', async (args, code, says) => {
    const folder = createFolder()
    const human = await runCli(folder, args)
    expect(human).toMatchObject({ code: 2, stdout: '' })
    expect(human.stderr).toContain(code)
    expect(human.stderr).toContain(`docs/errors/${code}.md`)
    const json = await runCli(folder, [...args, '--json'])
    expect(json).toMatchObject({ code: 2, stderr: '' })
    const { ok, error } = json.json<ErrorDocument>()
    expect(ok).toBe(false)
    expect(error.code).toBe(code)
    expect(error.message).toContain(says)
  })

  test('a verb that was called wrongly points to its own help', async () => {
    const folder = createFolder()
    const flag = await runCli(folder, ['expand', '--jsn'])
    expect(flag.stderr).toContain("Unknown option '--jsn'. Did you mean --json?")
    expect(flag.stderr).toContain('See: phasegate expand --help')
    expect((await runCli(folder, ['--nope'])).stderr).toContain('See: phasegate --help')
    const size = await runCli(folder, ['backfill', '--batch-size', '-3'])
    expect(size.stderr).toContain("'backfill.batchSize' must be 1 or more")
  })

  test('a mistyped verb names the one that was meant', async () => {
    const { stderr } = await runCli(createFolder(), ['bakfill'])
    expect(stderr).toContain('Did you mean: phasegate backfill')
  })

  test('help and version are data', async () => {
    const help = await runCli(createFolder(), ['--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    for (const verb of ['init', 'plan', 'contract', 'doctor']) expect(help.stdout).toContain(`  ${verb} `)
    expect(help.stdout).not.toContain('baseline')
    const version = await runCli(createFolder(), ['--version'])
    expect(version).toMatchObject({ code: 0, stderr: '' })
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
    const verb = await runCli(createFolder(), ['contract', '--help'])
    expect(verb.stdout).toContain('--confirm <database>')
    expect(verb.stdout).toContain('--config <file>')
  })

  test('help and the entry of migrations load no driver, no knex, no compiler and no schema library', async () => {
    const heavy = /node_modules\/(knex|pg|zod|jiti|umzug|libpg-query|@clack)\//
    const trace = { env: { NODE_OPTIONS: `--import ${new URL('./list-modules.mjs', import.meta.url).href}` } }
    const help = await runCli(createFolder(), ['--help'], trace)
    expect(help.stderr).toContain('commander')
    expect(help.stderr).not.toMatch(heavy)
    const index = new URL('../../packages/phasegate/dist/index.js', import.meta.url)
    const script = createFolder({ 'entry.mjs': `await import(${JSON.stringify(index.href)})` })
    const entry = await runCli(script, [], { ...trace, bin: `${script.dir}/entry.mjs` })
    expect(entry.stderr).toContain('migration-definition.js')
    expect(entry.stderr).not.toMatch(heavy)
  })

  test('colours only where they are wanted', async () => {
    const coloured = await runCli(createFolder(), ['chek'], { env: { FORCE_COLOR: '1' } })
    expect(coloured.stderr).toContain('\u001b[31m')
    for (const env of [{}, { FORCE_COLOR: '1', NO_COLOR: '1' }]) {
      expect((await runCli(createFolder(), ['chek'], { env })).stderr).not.toContain('\u001b[')
    }
    const off = await runCli(createFolder(), ['chek', '--no-color'], { env: { FORCE_COLOR: '1' } })
    expect(off.stderr).not.toContain('\u001b[')
  })

  test('--format github is refused by verbs that have none', async () => {
    const result = await runCli(createFolder(), ['new', 'a', '--format', 'github'])
    expect(result.code).toBe(2)
    expect(result.stdout).toContain('::error title=VERB.FORMAT::')
  })
})
