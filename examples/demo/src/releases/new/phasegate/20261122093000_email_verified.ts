import { defineMigration, sql } from 'phasegate'

export default defineMigration({
  // This release does not know verified_at any more.
  appUses: 'new',

  expand: ({ schema }) => [schema.alterTable('users', (t) => t.boolean('email_verified'))],

  // While releases that know one column run beside releases that know the other.
  sync: {
    table: 'users',
    forward: { email_verified: sql`verified_at IS NOT NULL` },
    backward: { verified_at: sql`CASE WHEN email_verified THEN coalesce(verified_at, now()) END` },
  },

  backfill: {
    table: 'users',
    set: { email_verified: sql`verified_at IS NOT NULL` },
    where: sql`email_verified IS NULL`,
  },

  contract: ({ ops }) => [
    ops.setDefault('users', 'email_verified', false),
    ops.setNotNull('users', 'email_verified'),
    ops.dropColumn('users', 'verified_at'),
  ],
})
