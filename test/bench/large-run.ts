import type { BenchContext } from './bench.js'
import type { BenchDatabase, Key } from './bench-database.js'
import { type EngineFigures, runEngine } from './run-engine.js'

const runs = new WeakMap<BenchDatabase, Map<string, EngineFigures>>()

/** A backfill of the large table, which takes minutes: the benches that look at it share it. */
export async function largeRun({ database, sizes: { large }, say }: BenchContext, key: Key): Promise<EngineFigures> {
  const ofDatabase = runs.get(database) ?? new Map<string, EngineFigures>()
  runs.set(database, ofDatabase)
  const known = ofDatabase.get(key)
  if (known !== undefined) return known
  const rows = large.toLocaleString('en-US')
  say(`making ${rows} rows with ${key} keys`)
  await database.fresh(large, key)
  say(`backfill of ${rows} rows with ${key} keys`)
  const run = await runEngine(database, large, { tell: true })
  ofDatabase.set(key, run)
  return run
}
