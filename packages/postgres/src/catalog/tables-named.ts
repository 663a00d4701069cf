/**
 * The tables of `$1::text[]` as columns `t` and `oid`. Names are as lock lists have them: as the catalog holds them and not
 * quoted (`Users`, `billing.invoice`), so that `to_regclass`, which folds and parses them, would not find them all.
 */
export const TABLES_NAMED = `(
  SELECT names.t, c.oid FROM unnest($1::text[]) AS names (t)
  JOIN pg_catalog.pg_class c ON c.relkind IN ('r', 'p', 'f', 'm', 'v')
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
   AND (c.relname = names.t AND pg_catalog.pg_table_is_visible(c.oid) OR n.nspname || '.' || c.relname = names.t)
) AS named`
