import type { Session } from '@phasegate/core'
import { mysqlQuoting } from '../quoting.js'

interface ObjectRow {
  readonly kind: string
  readonly name: string
  readonly [key: string]: unknown
}

/** In this order nothing that is left refers to what goes; triggers go with their tables. */
const OBJECTS = `
  SELECT 'EVENT' AS kind, event_name AS name FROM information_schema.events WHERE event_schema = DATABASE()
  UNION ALL SELECT 'VIEW', table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'VIEW'
  UNION ALL SELECT IF(table_type = 'SEQUENCE', 'SEQUENCE', 'TABLE'), table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')
  UNION ALL SELECT routine_type, routine_name FROM information_schema.routines
    WHERE routine_schema = DATABASE()`

/**
 * Empties a disposable database: every object in it goes, the journal too; the database itself and the rights on it stay.
 * The caller has made sure that it is disposable.
 */
export async function resetDatabase(session: Session): Promise<void> {
  const objects = await session.query<ObjectRow>(OBJECTS)
  await session.limited({ lockTimeout: 10_000, statementTimeout: 0 }, async () => {
    // Tables that refer to each other cannot go in any order; on our session alone.
    await session.query('SET SESSION foreign_key_checks = 0')
    try {
      for (const { kind, name } of objects)
        await session.query(`DROP ${kind} IF EXISTS ${mysqlQuoting.identifier([name])}`)
    } finally {
      await session.query('SET SESSION foreign_key_checks = 1').catch(() => {})
    }
  })
}
