import { quoteTable, type Session, type UsedObject, type WritersReading } from '@phasegate/core'
import { mysqlQuoting } from '../quoting.js'

/** What the triggers of `countWriters` have noted. There have to be two of one name, for this very column. */
export async function writersOf(session: Session, { schema, table, column }: UsedObject): Promise<WritersReading> {
  const [found] = await session.query<{ schema: string }>(
    'SELECT TABLE_SCHEMA AS `schema` FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = COALESCE(?, DATABASE()) AND TABLE_NAME = ? AND COLUMN_NAME = ?',
    [schema ?? null, table, column ?? ''],
  )
  if (found === undefined) return { exists: false, counted: false, lastWrite: null, sessions: 0 }
  const triggers = await session.query<{ name: string; text: string }>(
    `SELECT TRIGGER_NAME AS name, ACTION_STATEMENT AS text FROM information_schema.TRIGGERS
     WHERE EVENT_OBJECT_SCHEMA = ? AND EVENT_OBJECT_TABLE = ? AND TRIGGER_NAME LIKE 'phasegate\\_writes\\_%'`,
    [found.schema, table],
  )
  const quoted = mysqlQuoting.identifier([column ?? ''])
  const names = triggers.filter(({ text }) => text.includes(`NEW.${quoted}`)).map(({ name }) => name)
  const name = names.find((one) => one.endsWith('_i') && names.includes(one.replace(/_i$/, '_u')))?.replace(/_i$/, '')
  if (name === undefined) return { exists: true, counted: false, lastWrite: null, sessions: 0 }
  const counts = quoteTable({ schema: found.schema, name }, mysqlQuoting)
  const [seen] = await session.query<{ last: string | null; sessions: number | string }>(
    `SELECT DATE_FORMAT(MAX(at), '%Y-%m-%dT%H:%i:%s.%fZ') AS last, COUNT(DISTINCT session) AS sessions FROM ${counts}`,
  )
  return { exists: true, counted: true, lastWrite: seen?.last ?? null, sessions: Number(seen?.sessions ?? 0) }
}
