/** A `DatabaseDescription` in one text column. Reads the catalog alone, so it works for every role. */
export const describeDatabaseSql = `
SELECT json_build_object(
  'database', current_database(),
  'dialect', 'postgres',
  'version', current_setting('server_version'),
  'now', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'role', current_user,
  'exists', EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                    WHERE n.nspname = 'phasegate' AND c.relname = 'journal')
)::text AS description
`
