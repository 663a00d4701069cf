import { readFileSync } from 'node:fs'
import { fingerprint, type Session } from '@phasegate/core'
import { expect, test } from 'vitest'
import { type AnyDatabase, type AnyServer, createDatabase, describeOnEveryServer } from '../support/servers.js'
import {
  allRanges,
  comparableBackfill,
  connect,
  countingBackfill,
  counts,
  itemsSql,
  journalTable,
  setUpBackfill,
  UNIT,
  unitRow,
} from './backfill-setup.js'

const file = (name: string): string =>
  readFileSync(new URL(`../journal/version-1/${name}.sql`, import.meta.url), 'utf8')

/** Rows of `items`, and the key up to which they were changed before the worker of version 1 died. */
const ROWS = 100
const CURSOR = 40

/** What version 1 left of a worker that died: its lease, its cursor, and rows that are changed up to there. */
async function versionOne(server: AnyServer): Promise<AnyDatabase> {
  const { family } = server
  const db: AnyDatabase = await createDatabase(server)
  const backfill = countingBackfill()
  await db.query(itemsSql(ROWS, family))
  await db.query(file(family === 'postgres' ? 'postgres' : 'mysql'))
  await db.query(`
    UPDATE items SET n = n + 1 WHERE id <= ${CURSOR};
    INSERT INTO ${journalTable(family, 'unit')} (migration, phase, state, fingerprint, attempts, actor, detail, progress)
    VALUES ('${UNIT.migration}', 'backfill', 'running', '${fingerprint(backfill)}', 1, '{"by": "old", "through": {}}', '{}',
      '{"done": ${CURSOR}, "total": null, "percent": null, "rowsPerSecond": null, "etaSeconds": null, "batchSize": 20}');
    INSERT INTO ${journalTable(family, 'backfill_range')}
      (migration, ordinal, upper, ${family === 'postgres' ? 'cursor' : '`cursor`'}, rows_done, owner, backend_id, backend_started, epoch, lease_expires)
    VALUES ('${UNIT.migration}', 0, '${ROWS}', '${CURSOR}', ${CURSOR}, 'gone:1', 1, '2026-01-01 00:00:00', 3, '2026-01-01 00:00:30');`)
  return db
}

const journalVersion = async ({ family, query }: AnyDatabase): Promise<number> => {
  const [row] = await query(`SELECT version FROM ${family === 'postgres' ? 'phasegate.journal' : 'phasegate_journal'}`)
  return Number(row?.version)
}

/** The session, ended by the server once it has run `n` statements that change something. */
function dyingAfter(db: AnyDatabase, session: Session, n: number): Session {
  let sent = 0
  const kill = (): Promise<unknown> =>
    db.query(
      db.family === 'postgres' ? `SELECT pg_terminate_backend(${session.backend.id})` : `KILL ${session.backend.id}`,
    )
  return {
    ...session,
    query: async (text, values) => {
      if (/^\s*SELECT/.test(text)) return session.query(text, values)
      if (sent++ === n) await kill()
      return session.query(text, values)
    },
    // One statement after the other, as its own does, so that each is counted.
    transaction: (options, work) => session.transaction(options, work),
    limited: (_, work) => work(),
  }
}

describeOnEveryServer('a journal of version 1', (server) => {
  test('is upgraded with a backfill that is half done: it goes on from its cursor, and each row is changed exactly once', async () => {
    const db = await versionOne(server)
    const { run } = await setUpBackfill(db)
    expect(await allRanges(db)).toMatchObject([{ ordinal: 0, pass: 0, cursor: String(CURSOR), keys_done: '0' }])
    expect(await run(countingBackfill({ batchSize: 20 }), { fingerprint: fingerprint(countingBackfill()) })).toEqual({
      state: 'applied',
      rows: ROWS,
    })
    expect(await counts(db)).toEqual({ '1': ROWS })
    expect(await unitRow(db)).toMatchObject({ state: 'applied', progress: { done: ROWS } })
  })

  test('is upgraded with a catch-up pass that is half done: it is the second pass, and the comparison ends it', async () => {
    const db = await versionOne(server)
    const backfill = comparableBackfill()
    const ranges = journalTable(server.family, 'backfill_range')
    const cursor = server.family === 'postgres' ? 'cursor' : '`cursor`'
    await db.query(`
      UPDATE items SET doubled = n * 2 WHERE id <> 70;
      UPDATE ${ranges} SET ${cursor} = upper, owner = NULL;
      INSERT INTO ${ranges} (migration, ordinal, upper, ${cursor}, rows_done) VALUES ('${UNIT.migration}', 1, '${ROWS}', '50', 0);
      UPDATE ${journalTable(server.family, 'unit')} SET fingerprint = '${fingerprint(backfill)}';`)
    const { run } = await setUpBackfill(db)
    expect((await allRanges(db)).map(({ pass }) => pass)).toEqual([0, 1])
    expect(await run(backfill)).toMatchObject({ state: 'applied' })
    expect(await db.query('SELECT id FROM items WHERE doubled IS NULL OR doubled <> n * 2')).toEqual([])
    expect(await unitRow(db)).toMatchObject({ detail: { verified: { proof: 'compared', rows: ROWS, passes: 2 } } })
  })

  test('whose upgrade dies after any of its statements is upgraded by the next run, and the backfill goes on', async () => {
    for (let n = 0; ; n++) {
      expect(n).toBeLessThan(30)
      const db = await versionOne(server)
      const target = await connect(db)
      const session = await target.openSession('upgrade')
      const died = await target.journal.ensure(dyingAfter(db, session, n), []).then(
        () => false,
        () => true,
      )
      await session.close()
      await target.close()
      const left = await journalVersion(db)
      const { run } = await setUpBackfill(db)
      const present = await journalVersion(db)
      if (died) expect(left).toBeLessThan(present)
      else expect(left).toBe(present)
      expect((await allRanges(db)).map(({ pass }) => pass)).toEqual([0])
      expect(await run(countingBackfill(), { workers: 2 }), `after ${n} statements`).toMatchObject({ state: 'applied' })
      expect(await counts(db)).toEqual({ '1': ROWS })
      if (died) continue
      // As many as version 2 alone has.
      expect(n).toBeGreaterThanOrEqual(server.family === 'postgres' ? 2 : 6)
      break
    }
  })
})
