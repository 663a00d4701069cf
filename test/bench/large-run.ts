import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { BenchContext } from './bench.js'
import type { BenchDatabase, Key } from './bench-database.js'
import { type EngineFigures, runEngine } from './run-engine.js'

/** What a server needs on disk for a row: the row twice, its keys, and the logs of making and of changing it. */
const BYTES_PER_ROW = 600

const runs = new WeakMap<BenchDatabase, Map<string, EngineFigures>>()

/** A backfill of the large table, which takes minutes: the benches that look at it share it. */
export async function largeRun({ database, sizes: { large }, say }: BenchContext, key: Key): Promise<EngineFigures> {
  const ofDatabase = runs.get(database) ?? new Map<string, EngineFigures>()
  runs.set(database, ofDatabase)
  const known = ofDatabase.get(key)
  if (known !== undefined) return known
  const rows = large.toLocaleString('en-US')
  assertDisk(large * BYTES_PER_ROW)
  say(`making ${rows} rows with ${key} keys`)
  await database.fresh(large, key)
  say(`backfill of ${rows} rows with ${key} keys`)
  const run = await runEngine(database, large, { tell: true })
  ofDatabase.set(key, run)
  return run
}

/** A full disk would take the other parts' servers along. */
function assertDisk(needed: number): void {
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < needed)
    throw new Error(`${tmpdir()} has ${(bavail * bsize) / 1e9} GB free and this needs ${needed / 1e9}: see --large`)
}
