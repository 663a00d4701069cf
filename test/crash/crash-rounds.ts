import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { createProject, type Project } from '../support/project.js'
import { type CliResult, type RunningCli, runCli, startCli } from '../support/run-cli.js'
import type { Random } from '../support/seed.js'
import { type AnyDatabase, createDatabase, type RunningMysql, type RunningPostgres } from '../support/servers.js'
import { columnsOf, countOf, type SqlWords, shapeOf, wordsOf } from '../support/sql-words.js'

/** A server of the test's own, whichever it is. */
export type CrashServer = RunningPostgres | RunningMysql

const NAME = '20261122100000_count'
const ROWS = 20_000

/** A change of several steps that is done otherwise on each: of those that the server checks rows for. */
const checked = ({ family }: CrashServer): string =>
  family === 'postgres'
    ? `ops.addCheck('item', sql\`n < 1000\`, { name: 'item_small' })`
    : `ops.addForeignKey('item', ['parent'], { table: 'parents', columns: ['id'] }, { name: 'item_small' })`

/** Not idempotent on purpose: one row applied twice, or one statement run twice, shows. */
const migration = (server: CrashServer): string => `
import { allow, defineMigration, sql } from 'phasegate'
const log = (what) => allow('PHASE.WRITES', 'a crash test counts its steps', sql\`INSERT INTO log (what) VALUES (\${what})\`)
export default defineMigration({
  appUses: 'new',
  expand: ({ ops }) => [
    log('expand 1'),
    ops.addColumn('item', 'extra', 'integer'),
    log('expand 2'),
    ops.createIndex('item', ['n'], { name: 'item_n' }),
    allow('PHASE.TIGHTENS', 'every writer keeps to it', ${checked(server)}),
    log('expand 3'),
  ],
  sync: { table: 'item', forward: { extra: sql\`n * 2\` } },
  backfill: { table: 'item', set: { n: sql\`n + 1\` }, once: true, batch: { size: 500, time: 30 } },
  contract: ({ ops }) => [
    log('contract 1'),
    ops.setNotNull('item', 'n'),
    ops.dropIndex('item_old', { table: 'item' }),
    ops.dropColumn('item', 'old'),
    log('contract 2'),
  ],
})
`

const schema = ({ timestamp, now, numbers }: SqlWords): string => `
  CREATE TABLE log (at ${timestamp} DEFAULT ${now}, what varchar(40) NOT NULL);
  CREATE TABLE parents (id bigint PRIMARY KEY);
  CREATE TABLE item (id bigint PRIMARY KEY, n integer DEFAULT 0, parent bigint, old varchar(20) DEFAULT 'old');
  INSERT INTO parents VALUES (1);
  INSERT INTO item (id, parent) SELECT g * 7, 1 FROM ${numbers(ROWS)};
  CREATE INDEX item_old ON item (old);
`

export interface Kills {
  readonly runner: number
  readonly server: number
}

/**
 * Takes one migration through its life while its runner and its server are killed at random moments, `kills` times, and
 * looks whether anything was lost or done twice. The same command is given again and again, and nothing else.
 */
export async function crashRound(server: CrashServer, random: Random, kills: number): Promise<Kills> {
  const db: AnyDatabase = await createDatabase(server, { name: 'crash', sql: schema(wordsOf(server)) })
  const project = createProject({ [`phasegate/${NAME}.ts`]: migration(server) })
  const done = { runner: 0, server: 0 }
  const env = { DATABASE_URL: db.url, PHASEGATE_CONTRACT_ANNOUNCE: '50ms', PHASEGATE_MAX_LOCK_WAIT: '90s' }
  try {
    const share = [Math.floor(kills * 0.4), Math.floor(kills * 0.35)]
    const perPhase = [share[0]!, share[1]!, kills - share[0]! - share[1]!]
    for (const [index, verb] of (['expand', 'backfill', 'contract'] as const).entries()) {
      if (verb === 'contract') await finish(project, ['approve', `${NAME}:contract`, '--reason', 'crash test'], env)
      const args = {
        expand: ['expand'],
        backfill: ['backfill', '--workers', '2'],
        contract: ['contract', '--confirm', db.name],
      }[verb]
      for (let left = perPhase[index]!; left > 0; left--) {
        const server_ = random.next() < 0.25
        if (await killDuring(project, args, env, server, random, server_)) done[server_ ? 'server' : 'runner']++
        // The verb ended before it could be killed: what is left of this share goes to the next phase.
        else {
          if (index < 2) perPhase[index + 1]! += left
          break
        }
      }
      await finish(project, args, env)
    }
    await assertNothingLost(db)
    await db.drop()
    return done
  } finally {
    project.delete()
  }
}

/** True: it was killed before it could end. */
async function killDuring(
  project: Project,
  args: readonly string[],
  env: Record<string, string>,
  server: CrashServer,
  random: Random,
  killServer: boolean,
): Promise<boolean> {
  const running = startCli(project, args, { env })
  // Often with a second process, which works on the same unit and is killed a little later.
  const beside = args[0] === 'backfill' && random.next() < 0.5 ? startCli(project, args, { env }) : undefined
  try {
    return await killOne(running, server, random, killServer)
  } finally {
    if (beside !== undefined) {
      await Promise.race([beside.ended, sleep(random.int(0, 600))])
      beside.kill()
      await beside.ended
    }
  }
}

/** True: it was killed before it could end. */
async function killOne(
  running: RunningCli,
  server: CrashServer,
  random: Random,
  killServer: boolean,
): Promise<boolean> {
  // Seldom while it still loads; mostly once it works, where every moment is as likely as another.
  if (random.next() < 0.9) await running.waitFor(/started|resumed|waiting/).catch(() => {})
  const ended = await Promise.race([running.ended.then(() => true), sleep(random.int(0, 900)).then(() => false)])
  if (ended) {
    expect((await running.ended).code, (await running.ended).stderr).toBe(0)
    return false
  }
  if (killServer) {
    await server.kill()
    await server.restart()
    // The runner may reconnect and finish by itself, or give up with a code; the next command decides.
    const result = await Promise.race([running.ended, sleep(random.int(0, 1500)).then(() => undefined)])
    if (result === undefined) running.kill()
  } else running.kill()
  await running.ended
  return true
}

async function finish(project: Project, args: readonly string[], env: Record<string, string>): Promise<CliResult> {
  const result = await runCli(project, args, { env, timeout: 180_000 })
  expect(result.code, `${args.join(' ')}\n${result.stdout}\n${result.stderr}`).toBe(0)
  return result
}

async function assertNothingLost(db: AnyDatabase): Promise<void> {
  const { journal } = wordsOf(db)
  expect(await countOf(db, 'item WHERE n <> 1'), 'each row changed exactly once').toBe(0)
  expect(await countOf(db, 'item WHERE extra = 2')).toBe(ROWS)
  const log = await db.query('SELECT what FROM log ORDER BY at')
  expect(
    log.map(({ what }) => what),
    'each step ran exactly once',
  ).toEqual(['expand 1', 'expand 2', 'expand 3', 'contract 1', 'contract 2'])
  expect(await columnsOf(db, 'item')).toEqual(['id', 'n', 'parent', 'extra'])
  const shape = (await shapeOf(db)).join('\n')
  expect(shape).toMatch(/\bitem_n\b/)
  expect(shape).toMatch(/\bitem_small\b/)
  expect(shape, 'nothing is left behind').not.toMatch(/invalid|not validated|trigger|item_old|proof/)
  expect(await countOf(db, `${journal('unit')} WHERE state <> 'applied'`)).toBe(0)
  expect(await countOf(db, `${journal('step')} WHERE state <> 'done'`)).toBe(0)
  await db.assertNoSessions()
}
