import { addBatch, NO_PROGRESS, type Session } from '@phasegate/core'
import type { StatusDocument } from '@phasegate/status'
import { expect, test } from 'vitest'
import { environment } from '../conformance/verbs.js'
import { expectValid } from '../status/document-schema.js'
import { createProject } from '../support/project.js'
import { type CliResult, runCli } from '../support/run-cli.js'
import { type AnyServer, createDatabase, describeOnEveryMysql, describeOnPostgres } from '../support/servers.js'
import { wordsOf } from '../support/sql-words.js'
import { ACTOR, pause, setUpBackfill, UNIT } from './backfill-setup.js'

const NAME = '20261122093000_fill'
const ROWS = 400
const terminal = { NODE_OPTIONS: `--import ${new URL('./terminal.mjs', import.meta.url).href}` }

interface BackfillJson {
  readonly units: readonly {
    readonly unit: string
    readonly outcome: string
    readonly batches: {
      readonly batches: number
      readonly rows: number
      readonly p50Ms: number
      readonly maxMs: number
    }
  }[]
}

describeOnPostgres(18, 'the progress of a backfill', suite)
describeOnEveryMysql('the progress of a backfill', suite)

function suite(server: AnyServer): void {
  /** Each row takes 2 ms, and no batch holds more than ten, so that there are at least forty. */
  async function setUp() {
    const db = await createDatabase(server)
    await db.query(`CREATE TABLE items (id int PRIMARY KEY, n int NOT NULL DEFAULT 0);
      INSERT INTO items (id) SELECT g FROM ${wordsOf(server).numbers(ROWS)}`)
    const project = createProject({
      [`phasegate/${NAME}.ts`]: `import { defineMigration, sql } from 'phasegate'
        export default defineMigration({ appUses: 'new', backfill: { table: 'items', once: true,
          set: { n: sql\`n + 1 + ${pause(server.family, 2)}\` }, batch: { size: 10, time: 10 } } })`,
    })
    const run = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
      runCli(project, args, { env: environment(db, env) })
    return { run }
  }

  test('is a live line on a terminal, never longer than that, and a histogram at the end', async () => {
    const { run } = await setUp()
    const { code, stderr, stdout } = await run(['backfill'], terminal)
    expect(code, stderr).toBe(0)
    const drawn = stderr
      .split('\u001b[2K')
      .slice(1)
      .map((line) => line.split('\r')[0]!.split('\u001b')[0]!)
    expect(drawn.length).toBeGreaterThan(2)
    for (const line of drawn) expect(line.length).toBeLessThan(60)
    expect(drawn.at(-1)).toMatch(/^(20261122093000_)?fill:backfill \d+ (of ~\d+ )?rows/)
    expect(stderr).toMatch(/fill:backfill \d+ batches, 400 rows, p50 .*, max /)
    expect(stderr).toMatch(/up to \d+ ms +\d+ {2}#+/)
    expect(stdout).not.toContain('up to')
  })

  test('is one line of JSON an event with --json, and what its batches cost is in the result and in status', async () => {
    const { run } = await setUp()
    const result = await run(['backfill', '--json'])
    const events = result.stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; progress?: { done: number; percent: number | null } })
    const done = events.filter(({ type }) => type === 'batch.done').map(({ progress }) => progress!.done)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(done.at(-1)).toBe(ROWS)
    expect(events.filter(({ type }) => type === 'backfill.ended')).toMatchObject([
      { progress: { done: ROWS, total: ROWS, percent: 100 }, batches: { rows: ROWS, batches: done.length } },
    ])
    const [unit] = result.json<BackfillJson>().units
    expect(unit).toMatchObject({ outcome: 'applied', batches: { batches: done.length, rows: ROWS } })
    expect(unit!.batches.p50Ms).toBeLessThanOrEqual(unit!.batches.maxMs)

    const document = (await run(['status', '--json'])).json<StatusDocument>()
    expectValid(document)
    const view = document.migrations[0]?.phases.backfill
    expect(view?.progress).toMatchObject({ done: ROWS, percent: 100, paused: false, compared: null })
    expect(view?.batches).toEqual(unit!.batches)
    expect((await run(['status', 'fill'])).stdout).toContain(`${done.length} batches, 400 rows`)
    expect((await run(['status'])).stdout).not.toContain('batches')
  })

  test('adds up what several processes count at the same moment', async () => {
    const { target } = await setUpBackfill(await createDatabase(server))
    const sessions = await Promise.all([1, 2, 3].map(() => target.openSession('progress')))
    const { backend } = sessions[0]!
    await target.journal.startUnit(sessions[0]!, {
      unit: UNIT,
      fingerprint: '1:a',
      actor: ACTOR,
      backend,
      state: 'running',
    })
    const count = async (session: Session): Promise<void> => {
      const { batches } = await target.backfill.recordProgress(session, UNIT, (recorded) => ({
        ...(recorded ?? NO_PROGRESS),
        batches: addBatch(recorded?.batches ?? NO_PROGRESS.batches, { rows: 1, ms: 5 }),
      }))
      expect(batches.batches).toBeGreaterThan(0)
    }
    await Promise.all(
      sessions.map(async (session) => {
        for (let time = 0; time < 20; time++) await count(session)
      }),
    )
    const { units } = await target.journal.read(sessions[0]!)
    expect(units[0]?.progress?.batches).toMatchObject({ batches: 60, rows: 60 })
    await Promise.all(sessions.map((session) => session.close()))
  })

  test('is not shown with --quiet', async () => {
    const { run } = await setUp()
    expect(await run(['backfill', '--quiet'])).toMatchObject({ code: 0, stderr: '' })
  })
}
