import { existsSync } from 'node:fs'

export const HOW_TO_GET_PG_REPACK = 'apt-get install postgresql-15-repack (npm test -- --install does it)'

/** Client and extension for the PostgreSQL 15 of Debian; those of another major version do not load there. */
export function hasPgRepack(): boolean {
  return ['bin/pg_repack', 'lib/pg_repack.so'].every((file) => existsSync(`/usr/lib/postgresql/15/${file}`))
}
