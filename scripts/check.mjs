// `npm run check`: everything that can be said about the code without running it. Every check runs, whatever the others
// say; the exit code is 1 if one fails. `npm run check -- law unused` runs only those.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findDialectConditions } from './dialect-names.mjs'
import { findExportsWithoutDefault, findMissingPlatformPackages } from './package-rules.mjs'
import { ROOT, readTool } from './run-tool.mjs'

/** @typedef {{ ok: boolean, output: string }} Outcome */

const packages = readdirSync(join(ROOT, 'packages')).sort()
/** Applications load these from CommonJS, too; the rest is ESM only (architecture.md, Packages). */
const DUAL = new Set(['status', 'testing'])

/** @type {Record<string, { says: string, run: () => Promise<Outcome> }>} */
const checks = {
  build: {
    says: 'packages compile',
    run: () => readTool('turbo', ['run', 'build', '--output-logs=errors-only', '--ui=stream']),
  },
  types: {
    says: 'tests, examples and scripts are well typed',
    run: () => readTool('tsc', ['-p', 'test/tsconfig.json']),
  },
  format: {
    says: 'biome finds nothing',
    run: () =>
      readTool('biome', [
        'ci',
        '--colors=off',
        '--error-on-warnings',
        '--diagnostic-level=warn',
        '--max-diagnostics=50',
        // What git ignores is nobody's style.
        '--vcs-enabled=true',
        '--vcs-client-kind=git',
        '--vcs-use-ignore-file=true',
        '.',
      ]),
  },
  law: {
    says: 'the import law holds',
    run: () =>
      readTool('depcruise', [
        '--config',
        '.dependency-cruiser.cjs',
        ...packages.map((name) => `packages/${name}/src`),
        ...['test', 'examples', 'scripts'].filter((name) => existsSync(join(ROOT, name))),
      ]),
  },
  dialects: {
    says: 'nothing decides by the name of a database',
    run: async () => fromFindings(findDialectConditions(ROOT)),
  },
  unused: {
    says: 'knip finds no unused file, export or dependency',
    run: () => readTool('knip', ['--no-progress', '--no-config-hints']),
  },
  publint: {
    says: 'packages can be published',
    run: () => forEachPackage((name) => readTool('publint', ['run', '--strict', `packages/${name}`])),
  },
  attw: {
    says: 'types of packages resolve wherever they are promised to',
    run: () =>
      forEachPackage((name) =>
        readTool('attw', [
          '--pack',
          `packages/${name}`,
          '--profile',
          DUAL.has(name) ? 'node16' : 'esm-only',
          '--format',
          'ascii',
        ]),
      ),
  },
  exports: {
    says: 'every exports condition has a default',
    run: async () =>
      fromFindings(packages.flatMap((name) => findExportsWithoutDefault(readJson(`packages/${name}/package.json`)))),
  },
  lock: {
    says: 'package-lock.json lists every platform, so that npm ci works on each',
    run: async () => fromFindings(findMissingPlatformPackages(readJson('package-lock.json'))),
  },
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !(name in checks))
if (unknown.length > 0) {
  console.error(`no check named ${unknown.join(', ')}; there are ${Object.keys(checks).join(', ')}`)
  process.exit(2)
}

const failed = []
for (const [name, { says, run }] of Object.entries(checks)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  const started = Date.now()
  const { ok, output } = await run()
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}: ${says} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
  if (!ok) {
    failed.push(name)
    console.log(`\n${output.trim().replaceAll(/^/gm, '     ')}\n`)
  }
}
console.log(failed.length === 0 ? '\nall checks passed' : `\nfailed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1

/**
 * @param {readonly string[]} findings
 * @returns {Outcome}
 */
function fromFindings(findings) {
  return { ok: findings.length === 0, output: findings.join('\n') }
}

/**
 * @param {(name: string) => Promise<Outcome>} check
 * @returns {Promise<Outcome>}
 */
async function forEachPackage(check) {
  const failures = []
  for (const name of packages) {
    const { ok, output } = await check(name)
    if (!ok) failures.push(output.trim())
  }
  return fromFindings(failures)
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
}
