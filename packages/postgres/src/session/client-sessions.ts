import type { ClientSessionsSeen, Session } from '@phasegate/core'

interface SessionsRow {
  readonly role: string
  readonly client: string
  readonly name: string
  readonly visible: boolean
  readonly count: string
  readonly [key: string]: unknown
}

/**
 * Clients of this database. Role and name are shown to everybody, address and kind to members of pg_read_all_stats alone
 * (PostgreSQL docs: The Cumulative Statistics System, "pg_stat_activity").
 */
export async function clientSessions(session: Session): Promise<ClientSessionsSeen> {
  const rows = await session.query<SessionsRow>(
    `SELECT usename AS role, coalesce(host(client_addr), '') AS client, coalesce(application_name, '') AS name,
            backend_type IS NOT NULL AS visible, count(*)::text AS count
     FROM pg_stat_activity
     WHERE datname = current_database() AND usename IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
       AND coalesce(application_name, '') NOT LIKE 'phasegate/%'
     GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3`,
  )
  const hidden = [...new Set(rows.filter((row) => !row.visible).map((row) => row.role))]
  return {
    sessions: rows
      .filter((row) => row.visible)
      .map(({ role, client, name, count }) => ({ role, client, name, count: Number(count) })),
    hidden:
      hidden.length === 0
        ? null
        : `where sessions of ${hidden.join(', ')} come from, which takes: GRANT pg_read_all_stats TO the role of Phasegate`,
  }
}
