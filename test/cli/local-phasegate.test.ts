import { expect, test } from 'vitest'
import { runCli } from '../support/run-cli.js'
import { createFolder } from './folder.js'

const LOCAL = {
  'node_modules/phasegate/package.json': '{"name":"phasegate","type":"module","exports":{".":"./dist/index.js"}}',
  'node_modules/phasegate/dist/index.js': 'export {}',
  'node_modules/phasegate/dist/bin.js': "console.log('local', ...process.argv.slice(2))\nprocess.exitCode = 7",
}

test("hands over to the project's own phasegate, with its arguments and exit code", async () => {
  expect(await runCli(createFolder(LOCAL), ['check', '--json'])).toMatchObject({
    code: 7,
    stdout: 'local check --json\n',
  })
})

test('finds it from a folder below, as an import would', async () => {
  const folder = createFolder({ ...LOCAL, 'packages/db/x': '' })
  expect(await runCli({ dir: `${folder.dir}/packages/db` }, ['--version'])).toMatchObject({
    stdout: 'local --version\n',
  })
})

test('an installed phasegate without a bin is no reason to fail', async () => {
  const { 'node_modules/phasegate/dist/bin.js': _, ...rest } = LOCAL
  expect((await runCli(createFolder(rest), ['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
})
