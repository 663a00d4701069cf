import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cleanup } from './cleanup.js'
import { databaseOf } from './databases/databases.js'
import type { Observer } from './databases/demo-database.js'
import { keepServer } from './databases/keep-server.js'
import { backfilledRows } from './measure/backfilled-rows.js'
import { watchLockWaits } from './measure/lock-waits.js'
import { type DemoOptions, isUrl } from './options.js'
import { createPhasegateCli } from './phasegate-cli.js'
import type { DemoResult } from './report.js'
import { startBalancer } from './rollout/balancer.js'
import { createDeployment } from './rollout/deployment.js'
import type { Release } from './rollout/instance.js'
import { Figures } from './traffic/figures.js'
import { startTraffic } from './traffic/start-traffic.js'
import { Truth } from './traffic/truth.js'

const DATABASE = 'demo'
const MIGRATION = 'email_verified'
/** ms of nothing but traffic, so that a phase has figures of its own. */
const CALM = 3_000

/**
 * The whole story, from an empty database to the end of the contract.
 *
 * @param newBuild what is rolled out as `new`; `broken` in the test of the demo itself
 */
export async function runDemo(
  options: DemoOptions,
  newBuild: Release,
  cleanup: Cleanup,
  print: (line: string) => void,
): Promise<{ readonly result: DemoResult; readonly databaseUrl: string }> {
  const url = await databaseUrl(options.database, cleanup)
  const observe = (): Promise<Observer> => databaseOf(url).observe(url)
  const observer = await observe()
  cleanup.add(() => observer.end())
  print(`${observer.server} ${isUrl(options.database) ? 'answers' : 'runs, with nothing in it'}.`)
  if (!(await observer.isEmpty())) throw new Error('the database is not empty; give one that is')
  const cli = createPhasegateCli(url, print)
  cleanup.add(async () => cli.kill())

  const balancer = await startBalancer()
  cleanup.add(() => balancer.close())
  const deployment = createDeployment({ balancer, databaseUrl: url, replicas: 2 })
  cleanup.add(() => deployment.stop())
  const images = mkdtempSync(join(tmpdir(), 'phasegate-demo-images-'))
  cleanup.add(async () => rmSync(images, { recursive: true, force: true }))
  const manifestOf = (release: string): string => join(images, `${release}.manifest.json`)

  print('\n# Release old: the table as it was, and what its image carries.')
  await cli.run('old', ['expand'])
  await observer.fillUsers(options.rows)
  const before = await observer.tableSize()
  print(`${options.rows.toLocaleString('en-US')} users are in the table.`)
  for (const release of ['old', 'both', 'new']) {
    await cli.run(release, ['manifest', '--app', 'api', '--build', release, '--out', manifestOf(release)])
  }

  const figures = new Figures()
  const lockWaits = watchLockWaits(await observe())
  cleanup.add(() => lockWaits.stop())
  const begin = (phase: string): void => {
    figures.begin(phase)
    lockWaits.begin(phase)
  }
  const roll = async (release: Release, build: Release = release): Promise<void> => {
    print(`\n# Rolling out ${build}: start one, wait for its readiness probe, drain an old one, twice.`)
    await deployment.roll(build, manifestOf(release))
    print(`${deployment.instances().join(' and ')} serve.`)
  }

  await roll('old')
  const truth = new Truth(options.rows)
  begin('old')
  const stopTraffic = startTraffic(balancer.port, truth, figures)
  print('\n# Traffic from here to the end, every answer compared with the truth.')
  await cli.run('both', ['check'])
  print('\n# What will be left to do a release later, and what holds it until then.')
  await cli.run('both', ['plan', 'contract'])
  await sleep(CALM)

  begin('expand')
  await cli.run('both', ['expand'])
  await sleep(1_000)

  begin('roll to both')
  await roll('both')

  begin('backfill')
  const seconds = await cli.run('both', ['backfill'])
  const filled = await backfilledRows(cli, 'both', MIGRATION)

  print('\n# Two instances use the old column: the contract is refused.')
  await cli.run('new', ['contract'], 3)

  begin('roll to new')
  await roll('new', newBuild)

  begin('contract')
  print('\n# They are gone. The contract opens by itself when the quiet time after them has passed.')
  await cli.run('new', ['wait', '--for', `gate:${MIGRATION}:contract`, '--timeout', '2m'])
  await cli.run('new', ['gate', `${MIGRATION}:contract`])
  await cli.run('new', ['contract', '--confirm', nameOf(url)])

  begin('new alone')
  await sleep(CALM)
  await cli.run('new', ['status', '--manifest', manifestOf('new')])
  await stopTraffic()
  figures.end()

  const after = await observer.tableSize()
  const result: DemoResult = {
    phases: figures.phases().map((phase) => ({ ...phase, lockWait: lockWaits.longest(phase.phase) })),
    messages: figures.messages,
    backfill: { rows: filled, seconds },
    size: { before, after },
    rows: await observer.compareRows(truth),
  }
  return { result, databaseUrl: url }
}

/** A server of the demo's own, or what was given. */
async function databaseUrl(database: string, cleanup: Cleanup): Promise<string> {
  if (isUrl(database)) return database
  const server = await keepServer(database, DATABASE)
  cleanup.add(() => server.stop())
  return server.url
}

function nameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1))
}
