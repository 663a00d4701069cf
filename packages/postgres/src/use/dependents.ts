import type { Session } from '@phasegate/core'
import type { FoundTable } from './statement-use.js'

/** Phasegate's own: the functions and triggers of a sync, and whatever else it puts beside a table. */
const OURS = /^(zz_)?phasegate_/

/**
 * Views, rules, policies, triggers and functions that read the table or column. For what the catalog records (views, SQL
 * bodies, policies, `UPDATE OF`) by its dependencies; for the text of a function, by the names in it.
 */
export async function dependentsOf(
  session: Session,
  { object, oid, attribute, relations }: FoundTable,
): Promise<readonly string[]> {
  const recorded = await session.query<{ what: string; name: string }>(
    `SELECT DISTINCT o.type AS what, CASE WHEN d.classid = 'pg_rewrite'::regclass
         THEN (SELECT r.ev_class::regclass::text FROM pg_rewrite r WHERE r.oid = d.objid) ELSE coalesce(o.name, o.identity) END AS name
     FROM pg_depend d CROSS JOIN LATERAL pg_identify_object(d.classid, d.objid, 0) o
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid AND d.deptype = 'n'
       AND ($2::int IS NULL OR d.refobjsubid = $2::int)
       AND d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_policy'::regclass, 'pg_trigger'::regclass)
       AND NOT (d.classid = 'pg_rewrite'::regclass AND (SELECT r.ev_class FROM pg_rewrite r WHERE r.oid = d.objid) = $1::oid)`,
    [oid, attribute],
  )
  const functions = await session.query<{ name: string; text: string; row: boolean }>(
    `SELECT p.oid::regprocedure::text AS name, p.prosrc AS text,
       EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid AND t.tgrelid = $1::oid)
         OR EXISTS (SELECT FROM pg_type t WHERE t.typrelid = $1::oid AND t.oid = ANY (p.proargtypes::oid[])) AS row
     FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
     WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'phasegate') AND p.prolang NOT IN
         (SELECT oid FROM pg_language WHERE lanname IN ('c', 'internal'))
       AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype = 'e')`,
    [oid],
  )
  const named = functions
    .filter(({ text, row }) => readsIn(text, object.column, relations, row))
    .map(({ name }) => `function ${name}`)
  return [...recorded.map(({ what, name }) => `${what === 'rule' ? 'view' : what} ${name}`), ...named].filter(
    (one) => !OURS.test(one.replace(/^\S+ (?:\S+\.)?"?/, '')),
  )
}

/**
 * A function's text is not parsed: what is put together inside it has no tree. It reaches a column by naming it and the table,
 * or the row that a trigger or its caller hands it.
 */
function readsIn(text: string, column: string | undefined, relations: ReadonlySet<string>, row: boolean): boolean {
  const names = (name: string): boolean =>
    new RegExp(`(?<![\\w$])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i').test(text)
  const table = [...relations].some(names)
  if (column === undefined) return table
  return (names(column) && (table || row)) || (table && text.includes('*'))
}
