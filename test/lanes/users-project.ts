import { createProject, type Project } from '../support/project.js'

export const MIGRATION = '20261122093000_email_verified'

/** The migration of the design, on a table of `USERS_SQL`. */
export const EMAIL_VERIFIED = `
import { defineMigration, sql } from 'phasegate'
export default defineMigration({
  appUses: 'new',
  expand: ({ schema }) => [schema.alterTable('users', (t) => t.boolean('email_verified'))],
  sync: { table: 'users', forward: { email_verified: sql\`verified_at IS NOT NULL\` } },
  backfill: {
    table: 'users',
    set: { email_verified: sql\`verified_at IS NOT NULL\` },
    where: sql\`email_verified IS NULL\`,
  },
  contract: ({ ops }) => [
    ops.setDefault('users', 'email_verified', false),
    ops.setNotNull('users', 'email_verified'),
    ops.dropColumn('users', 'verified_at'),
  ],
})
`

/** A table of `rows` users, every third of them verified. */
export const usersSql = (rows: number): string => `
  CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL, verified_at timestamptz);
  INSERT INTO users SELECT g, 'user' || g || '@example.com',
    CASE WHEN g % 3 = 0 THEN timestamptz '2026-01-01' + g * interval '1 s' END FROM generate_series(1, ${rows}) g;
  ANALYZE users;
`

/** A project with that migration, without the announcement's pause. */
export function usersProject(files: Readonly<Record<string, string>> = {}): Project {
  return createProject({ [`phasegate/${MIGRATION}.ts`]: EMAIL_VERIFIED, ...files })
}

/** The environment of a verb on this database. */
export const on = (url: string, more: Readonly<Record<string, string>> = {}): { env: Record<string, string> } => ({
  env: { DATABASE_URL: url, PHASEGATE_CONTRACT_ANNOUNCE: '0ms', ...more },
})
