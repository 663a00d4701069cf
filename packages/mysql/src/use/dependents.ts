import type { Session, UsedObject } from '@phasegate/core'

/** Phasegate's own triggers. */
const OURS = /^phasegate_/

/**
 * Views, routines, triggers and events whose text names the column and the table, or the table and a `*`. A trigger of the
 * table itself reaches the column by NEW and OLD. What may not be read counts.
 */
export async function dependentsOf(
  session: Session,
  { schema = '', table, column }: UsedObject,
): Promise<readonly string[]> {
  const rows = await session.query<{ what: string; name: string; text: string | null; own: number | string }>(
    `SELECT 'view' AS what, CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) AS name, VIEW_DEFINITION AS text, 0 AS own FROM information_schema.VIEWS
       WHERE TABLE_SCHEMA NOT IN ('sys', 'mysql')
     UNION ALL SELECT LOWER(ROUTINE_TYPE), CONCAT(ROUTINE_SCHEMA, '.', ROUTINE_NAME), ROUTINE_DEFINITION, 0 FROM information_schema.ROUTINES
       WHERE ROUTINE_SCHEMA NOT IN ('sys', 'mysql')
     UNION ALL SELECT 'trigger', TRIGGER_NAME, ACTION_STATEMENT, EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ? FROM information_schema.TRIGGERS
       WHERE TRIGGER_SCHEMA NOT IN ('sys', 'mysql')
     UNION ALL SELECT 'event', CONCAT(EVENT_SCHEMA, '.', EVENT_NAME), EVENT_DEFINITION, 0 FROM information_schema.EVENTS`,
    [schema, table],
  )
  return rows.flatMap(({ what, name, text, own }) => {
    if (what === 'trigger' && OURS.test(name)) return []
    if (text === null || text === '') return [`${what} ${name} (its text may not be read)`]
    return readsIn(text, table, column, Number(own) === 1) ? [`${what} ${name}`] : []
  })
}

function readsIn(text: string, table: string, column: string | undefined, own: boolean): boolean {
  const names = (name: string): boolean =>
    new RegExp(`(?<![\\w$])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i').test(text)
  const named = names(table)
  if (column === undefined) return named
  return (names(column) && (named || own)) || (named && text.includes('*'))
}
