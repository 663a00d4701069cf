import type { EngineRequirement, EngineTable, Session } from '@phasegate/core'

type Look = (session: Session, table: EngineTable) => Promise<string | undefined>

/** What a requirement is here; those of other servers are no question. */
const LOOKS: { readonly [requirement in EngineRequirement]?: Look } = {
  superuser: async (session) => {
    const { role, superuser } = await roleOf(session)
    if (superuser) return undefined
    return `${role} is no superuser: connect as one, or install pg_repack 1.5.2 or newer (the client, and the extension in the database), which the owner of a table may run.`
  },
  'may write the table anew': async (session, table) => {
    const { role, superuser } = await roleOf(session)
    if (superuser) return undefined
    const [rights] = await session.query<{ owner: string; owns: boolean; creates: boolean }>(
      `SELECT pg_get_userbyid(c.relowner) AS owner, pg_has_role(c.relowner, 'USAGE') AS owns,
         coalesce((SELECT has_schema_privilege(r.oid, 'USAGE') AND has_schema_privilege(r.oid, 'CREATE')
                   FROM pg_namespace r WHERE r.nspname = 'repack'), true) AS creates
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
      [table.schema, table.name],
    )
    if (rights?.owns === false)
      return `${role} does not own ${table.schema}.${table.name}: GRANT ${rights.owner} TO ${role}; or connect as its owner.`
    if (rights?.creates === false)
      return `${role} may not create in schema repack: GRANT USAGE, CREATE ON SCHEMA repack TO ${role};`
    return undefined
  },
  'no publication of all tables': async (session) => {
    const publications = await session.query<{ name: string }>(
      'SELECT quote_ident(pubname) AS name FROM pg_publication WHERE puballtables ORDER BY pubname',
    )
    if (publications.length === 0) return undefined
    const names = publications.map(({ name }) => name).join(', ')
    return `Publication ${names} is FOR ALL TABLES and would publish the tables that pg_repack makes for itself, which no subscriber has: ALTER PUBLICATION … SET TABLE … with the tables that are meant.`
  },
  'no invalid index': async (session, table) => {
    const indexes = await session.query<{ name: string }>(
      `SELECT i.indexrelid::regclass::text AS name FROM pg_index i
       JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE n.nspname = $1 AND c.relname = $2 AND NOT i.indisvalid ORDER BY 1`,
      [table.schema, table.name],
    )
    const [first] = indexes
    if (first === undefined) return undefined
    const names = indexes.map(({ name }) => name).join(', ')
    return `Not valid: index ${names}, left by a concurrent build that failed: DROP INDEX CONCURRENTLY ${first.name}; or REINDEX INDEX CONCURRENTLY ${first.name};`
  },
}

/** Of these requirements what is not met, each as a sentence with the way out. */
export async function unmetRequirements(
  session: Session,
  table: EngineTable,
  requirements: readonly EngineRequirement[],
): Promise<readonly string[]> {
  const unmet: string[] = []
  for (const requirement of requirements) {
    const problem = await LOOKS[requirement]?.(session, table)
    if (problem !== undefined) unmet.push(problem)
  }
  return unmet
}

async function roleOf(session: Session): Promise<{ readonly role: string; readonly superuser: boolean }> {
  const [row] = await session.query<{ role: string; superuser: boolean }>(
    `SELECT quote_ident(rolname) AS role, rolsuper AS superuser FROM pg_roles WHERE rolname = current_user`,
  )
  return row ?? { role: 'the role', superuser: false }
}
