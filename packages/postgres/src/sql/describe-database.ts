import type { DatabaseFacts } from './parse-journal.js'

export interface DatabaseDescription extends DatabaseFacts {
  readonly role: string
  /** Is there a journal, whether this role may read it or not? */
  readonly exists: boolean
}

/** Who and where we are, in one text column. Reads the catalog alone, so it works for every role. */
export const describeDatabaseSql = `
SELECT json_build_object(
  'database', current_database(),
  'version', current_setting('server_version'),
  'now', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'role', current_user,
  'exists', EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'phasegate' AND c.relname = 'journal')
)::text AS description
`

export function parseDescription(text: string): DatabaseDescription {
  return JSON.parse(text)
}
