import type { EngineTable, Session } from '@phasegate/core'

/** Seconds from which on a transaction is said to be old. */
const OLD = 60

/** What pg_repack will feel although it may start. Reads only. */
export async function remarksOn(session: Session, table: EngineTable): Promise<readonly string[]> {
  const old = await session.query<{ pid: number; name: string; state: string; seconds: number }>(
    `SELECT pid, coalesce(nullif(application_name, ''), usename, '?') AS name, coalesce(state, '?') AS state,
       extract(epoch FROM clock_timestamp() - xact_start)::int AS seconds
     FROM pg_stat_activity
     WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
       AND xact_start < clock_timestamp() - make_interval(secs => ${OLD}) ORDER BY xact_start LIMIT 5`,
  )
  const slots = await session.query<{ name: string; plugin: string }>(
    `SELECT slot_name AS name, plugin FROM pg_replication_slots
     WHERE slot_type = 'logical' AND database = current_database() ORDER BY slot_name`,
  )
  return [
    ...old.map(
      ({ pid, name, state, seconds }) =>
        `Session ${pid} (${name}, ${state}) has a transaction open for ${seconds} s: before the swap every transaction is waited for that is older than the copy. SELECT pg_terminate_backend(${pid}); if it is not needed.`,
    ),
    ...slots.map(
      ({ name, plugin }) =>
        `Logical slot ${name} (${plugin}) decodes all that is written: a consumer sees each row of the copy as an insert into repack.table_${oidOf(table)}, and of ${table.schema}.${table.name} only what the application writes.`,
    ),
  ]
}

/** The table's oid, which is the first part of its identity here. */
export function oidOf({ identity }: Pick<EngineTable, 'identity'>): string {
  return identity.split('/')[0]!
}
