import type { Session } from '@phasegate/core'

/**
 * Empties a disposable database: every schema that is not the server's own goes, then `public` comes back. Extensions
 * that live in `public` go with it. The caller has made sure that the database is disposable.
 */
export async function resetDatabase(session: Session): Promise<void> {
  const schemas = await session.query<{ name: string }>(
    `SELECT quote_ident(nspname) AS name FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'`,
  )
  await session.transaction({ lockTimeout: 10_000, statementTimeout: 0 }, async () => {
    for (const schema of schemas) await session.query(`DROP SCHEMA ${schema.name} CASCADE`)
    await session.query('CREATE SCHEMA public')
    // As initdb leaves it: without this no other role finds anything in it.
    await session.query('GRANT USAGE ON SCHEMA public TO PUBLIC')
  })
}
