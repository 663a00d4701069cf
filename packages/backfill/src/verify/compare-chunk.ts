import type { BackfillKey, ComparedChunk, MapForm, RowsAsked, Session } from '@phasegate/core'
import { mapRows } from '../map/map-rows.js'
import type { CompareSettings } from '../options.js'

/** How rows are compared with what the backfill makes of them. */
export interface Comparer {
  /** Those with keys in (after, end]; at most `limit` keys of those that differ. */
  chunk(session: Session, after: string | null, end: string, limit: number): Promise<ComparedChunk>
  /** Of these keys, those that differ still. */
  recheck(session: Session, keys: readonly string[]): Promise<readonly string[]>
}

/** In the database; but where values come from `map` and are always the same, by running it again. */
export function createComparer(settings: CompareSettings, key: BackfillKey): Comparer {
  const { target, backfill, compared, except } = settings
  const { form } = backfill
  if (form?.kind === 'map' && form.deterministic && !backfill.once) return mappedAgain(settings, form, key)
  return {
    chunk: (session, after, end, limit) =>
      target.backfill.mismatches(session, backfill, key, after, end, limit, compared, except),
    recheck: (session, keys) => target.backfill.recheck(session, backfill, key, keys, compared),
  }
}

function mappedAgain(
  { target, backfill, compared, except }: CompareSettings,
  form: MapForm,
  key: BackfillKey,
): Comparer {
  const { mapColumns, readRows, differing } = target.backfill
  /** `skipped`: keys that `map` is not given, since it may throw for them. */
  const compare = async (session: Session, asked: RowsAsked, skipped: readonly string[]): Promise<ComparedChunk> => {
    const all = await readRows(session, backfill, key, asked)
    const rows = all.filter((row) => !skipped.includes(row.key))
    const changes = await mapRows(backfill, form, await mapColumns(session, backfill), rows)
    const wrong = new Set(await differing(session, backfill, key, changes, compared))
    return { rows: all.length, keys: rows.flatMap((row) => (wrong.has(row.key) ? [row.key] : [])) }
  }
  return {
    chunk: async (session, after, end, limit) => {
      const { rows, keys } = await compare(session, { after, end }, except)
      return { rows, keys: keys.slice(0, limit) }
    },
    recheck: async (session, keys) => (await compare(session, { keys }, [])).keys,
  }
}
