import type { Session } from '@phasegate/core'

/**
 * Privileges of this session's account on all of `database`, in capitals; undefined where SHOW GRANTS does not tell for
 * sure (partial revokes, a form that is not known): then the server decides.
 */
export async function grantedOn(session: Session, database: string): Promise<ReadonlySet<string> | undefined> {
  const rows = await session.query<Record<string, string>>('SHOW GRANTS')
  return privilegesIn(
    rows.map((row) => Object.values(row)[0] ?? ''),
    database,
  )
}

const GRANT = /^GRANT (.+?) ON (?:(\*)|`((?:[^`]|``)*)`)\.\* TO /

const EVERY = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'CREATE',
  'ALTER',
  'DROP',
  'INDEX',
  'TRIGGER',
  'REFERENCES',
  'LOCK TABLES',
  'CREATE VIEW',
]

/**
 * Reads lines of SHOW GRANTS. Those of active roles are among them (measured on MySQL 9.7.4 and MariaDB 10.11.19); rights on
 * one table or routine and the roles themselves say nothing of a database.
 */
export function privilegesIn(lines: readonly string[], database: string): ReadonlySet<string> | undefined {
  const granted = new Set<string>()
  for (const line of lines) {
    // A partial revoke of MySQL takes a database out of a global grant.
    if (!/^(GRANT|SET DEFAULT ROLE) /.test(line)) return undefined
    const [, list, all, schema] = GRANT.exec(line) ?? []
    if (list === undefined || (all === undefined && !matches(schema ?? '', database))) continue
    for (const privilege of list.split(/, ?/)) granted.add(privilege.toUpperCase())
  }
  return granted.has('ALL PRIVILEGES') || granted.has('ALL') ? new Set([...granted, ...EVERY]) : granted
}

/** The database of a grant is a pattern as of LIKE, unless its wildcards are escaped. */
function matches(pattern: string, database: string): boolean {
  const source = pattern
    .replaceAll('``', '`')
    .replace(/\\([%_\\])|[%_]|[.*+?^${}()|[\]\\]/g, (found, escaped?: string) => {
      if (escaped !== undefined) return escaped === '\\' ? '\\\\' : escaped
      if (found === '%') return '.*'
      return found === '_' ? '.' : `\\${found}`
    })
  return new RegExp(`^${source}$`, 'is').test(database)
}
