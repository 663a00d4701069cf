// The import law: core <- dialects, backfill, engines, gates, safety, status <- runner <- testing, phasegate. One row a
// package; what a row does not name, the package may not import. `npm run check` applies it.
const { readdirSync } = require('node:fs')
const { join } = require('node:path')

const DIALECTS = ['postgres', 'mysql']
const DIALECTS_SQL = DIALECTS.map((name) => `${name}/sql`)
const MIDDLE = ['backfill', 'engines', 'gates', 'safety', 'status']

/**
 * `packages`: what it may import of ours; `postgres/sql` is that entry alone. `npm`: what it may import from the registry.
 * `typesOfNpm`: of which it may import types and nothing that runs.
 */
const LAW = {
  core: { packages: [], typesOfNpm: ['knex'] },
  postgres: { packages: ['core'], npm: ['knex', 'pg', 'pg-connection-string', 'libpg-query'] },
  mysql: { packages: ['core'], npm: ['knex', 'mysql2'] },
  backfill: { packages: ['core'] },
  engines: { packages: ['core'], npm: ['execa'] },
  gates: { packages: ['core', ...DIALECTS_SQL] },
  safety: { packages: ['core'] },
  status: { packages: ['core', ...DIALECTS_SQL] },
  runner: { packages: ['core', ...MIDDLE], npm: ['umzug'] },
  testing: { packages: ['core', 'runner'] },
  phasegate: { packages: ['core', ...DIALECTS, ...MIDDLE, 'runner'], npm: 'declared' },
}

const TESTS = '[.]test[.]ts$'
const unknown = readdirSync(join(__dirname, 'packages')).filter((name) => !(name in LAW))
if (unknown.length > 0) throw new Error(`packages without a row in the import law: ${unknown.join(', ')}`)

const ours = (entry) => {
  const [name, folder] = entry.split('/')
  return `^packages/${name}/(dist|src)/${folder === undefined ? '' : `${folder}/`}`
}
const registry = (name) => `(^|/)node_modules/(@types/)?${name}/`

const lawOf = (name, { packages, npm = [], typesOfNpm = [] }) => {
  const from = { path: `^packages/${name}/src/` }
  const rules = [
    {
      name: `law: ${name} imports of ours only ${packages.join(', ') || 'nothing'}`,
      severity: 'error',
      from,
      to: { path: '^packages/', pathNot: [ours(name), ...packages.map(ours), '/node_modules/'] },
    },
  ]
  if (typesOfNpm.length > 0) {
    rules.push({
      name: `law: ${name} imports only types of ${typesOfNpm.join(', ')}`,
      severity: 'error',
      from: { ...from, pathNot: TESTS },
      to: { path: typesOfNpm.map(registry), dependencyTypesNot: ['type-only'] },
    })
  }
  if (npm !== 'declared') {
    rules.push({
      name: `law: ${name} imports from npm only ${[...npm, ...typesOfNpm].join(', ') || 'nothing'}`,
      severity: 'error',
      from: { ...from, pathNot: TESTS },
      to: { path: '(^|/)node_modules/', pathNot: [...npm, ...typesOfNpm].map(registry) },
    })
  }
  return rules
}

module.exports = {
  forbidden: [
    ...Object.entries(LAW).flatMap(([name, row]) => lawOf(name, row)),
    {
      name: 'law: what applications load reaches no driver, knex or umzug',
      severity: 'error',
      from: { path: ['^packages/status/src/', `^packages/(${DIALECTS.join('|')})/src/sql/`], pathNot: TESTS },
      to: { path: ['knex', 'umzug', 'pg', 'libpg-query', 'mysql2'].map(registry), reachable: true },
    },
    {
      name: "law: nobody imports another package's src",
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/[^/]+/src/', pathNot: '^packages/$1/' },
    },
    {
      name: 'law: tests, examples and scripts use packages by name, not their src',
      severity: 'error',
      // What a dialect is made of is tested on a server, piece by piece; it is not exported.
      from: { path: '^(test|examples|scripts)/', pathNot: '^test/(docs|facts|faults|journal|operations|sync|status)/' },
      to: { path: '^packages/[^/]+/src/' },
    },
    {
      // Types may refer to each other; what runs may not.
      name: 'law: no import in a circle',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'law: every import leads somewhere',
      severity: 'error',
      from: { path: '^(packages/[^/]+/src|test|examples|scripts)/' },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '[.]d[.]ts$' },
    // Type-only imports are imports too, and are told apart from those that run.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      // `default` leads to what runs, so that reachability through a built package is what Node would load.
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mts', '.js', '.mjs', '.cjs', '.json'],
    },
  },
}
