// `npm test`: builds, runs the unit and integration tests, and says at the end what ran where, what was skipped and how
// to get it, and as its very last line `N passed, N failed, N skipped`.
//
//   npm test                     everything that this machine can run
//   npm test -- --install        as root on Debian or Ubuntu: installs what is missing first (CI=true does the same)
//   npm test -- --soak           the long suites (*.soak.ts) instead
//   npm test -- test/crash       only files whose path contains this; further words go to vitest as they are
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endServers } from '../test/support/keep-server.mjs'
import { installServers } from './install-servers.mjs'
import { build, runTool } from './run-tool.mjs'
import { readReport, readServers } from './test-report.mjs'

const MINUTE = 60_000
const args = process.argv.slice(2)
/** @type {Set<string>} */
const flags = new Set(args.filter((arg) => arg === '--install' || arg === '--soak'))
const passedOn = args.filter((arg) => !flags.has(arg))
const projects = flags.has('--soak') ? ['soak'] : ['unit', 'integration']

const dir = mkdtempSync(join(tmpdir(), 'phasegate-report-'))
const report = join(dir, 'report.json')
const servers = join(dir, 'servers.json')
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))

if (flags.has('--install') || process.env.CI === 'true') await installServers()

if ((await build()) !== 0) await finish({ passed: 0, failed: 1, skipped: 0 }, 'the build failed')

const code = await runTool(
  'vitest',
  [
    'run',
    ...projects.flatMap((project) => ['--project', project]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...passedOn,
  ],
  // A run that hangs must end with a count, too; a machine may be slow. Soak runs take as long as they take.
  { env: { PHASEGATE_TEST_REPORT: servers }, timeout: flags.has('--soak') ? 0 : 60 * MINUTE },
)

const found = readServers(servers)
console.log(`\nServers: ${found.length === 0 ? 'none were needed' : found.join(', ')}`)
const result = readReport(report)
if (result === undefined) {
  await finish({ passed: 0, failed: 1, skipped: 0 }, `vitest ended with ${code} and left no report`)
} else {
  for (const { test, because } of result.again) console.log(`Passed at the second attempt only: ${test} (${because})`)
  for (const suite of result.missing) console.log(`Skipped: ${suite.title} (${suite.tests} tests)`)
  if (result.passed + result.failed === 0) await finish({ ...result, failed: 1 }, 'no test ran')
  else if (code !== 0 && result.failed === 0)
    await finish({ ...result, failed: 1 }, `vitest itself failed with ${code}`)
  else await finish(result)
}

/**
 * @param {{ passed: number, failed: number, skipped: number }} counts
 * @param {string} [problem]
 * @returns {Promise<never>}
 */
async function finish({ passed, failed, skipped }, problem) {
  await endServers()
  if (problem !== undefined) console.log(`\n${problem}`)
  console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.exit(failed === 0 ? 0 : 1)
}
