import type { Job, UnprovenSwap } from '../engine.js'
import { followLines } from '../process/follow-lines.js'
import { ghostTables } from './table-names.js'

/** Each attempt of a swap begins with the first line. The second is there when its RENAME waits for the table itself. */
const LOCKED = / INFO Tables locked$/
const QUEUED = / INFO Rename session is pending lock on the origin table/

/**
 * Was its RENAME surely the first that got the table when gh-ost let go of it? Only then did no writer get in between, whose
 * writes went to the table before it and nowhere else. gh-ost waits two seconds at most until it sees that (go/logic/applier.go,
 * `AtomicCutOverMagicLock`), then lets go all the same; and where it is killed before, the server lets go for it. Seen with
 * MySQL 9.7.4: killed in these milliseconds, 5 swaps of 23 lost writes of the two writers that waited.
 */
export async function unprovenSwap({ target, session, table, files }: Job): Promise<UnprovenSwap | undefined> {
  const name = ghostTables(table.name)?.old
  const old = name === undefined ? undefined : await target.inspect(session, { schema: table.schema, name })
  if (old === undefined) return undefined
  let queued = false
  await followLines(files.path('stderr')).read((line) => {
    queued = QUEUED.test(line) || (queued && !LOCKED.test(line))
  }, true)
  if (queued) return undefined
  const key = table.keys.find(({ columns }) => columns.every((column) => old.columns.includes(column)))
  const shared = old.columns.filter((column) => table.columns.includes(column))
  return { kept: old.name, differing: differing(old.name, table.name, key?.columns ?? shared, shared) }
}

/** Names with a backtick in them are refused before anything is started. */
function differing(old: string, table: string, key: readonly string[], columns: readonly string[]): string {
  const same = (names: readonly string[]): string =>
    names.map((name) => `n.\`${name}\` <=> o.\`${name}\``).join(' AND ')
  return `SELECT o.* FROM \`${old}\` o LEFT JOIN \`${table}\` n ON ${same(key)} WHERE NOT (${same(columns)});`
}
