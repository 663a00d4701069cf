/** Both templates have an expand that does nothing until a line is uncommented: `MIGRATION.EMPTY`. */
export const TYPESCRIPT_TEMPLATE = `import { defineMigration } from 'phasegate'

export default defineMigration({
  // What the code of this build does with the change; required beside a backfill or a contract.
  //   'old'   touches only the old shape
  //   'both'  writes both shapes, reads the old one
  //   'new'   touches only the new shape
  // appUses: 'both',

  // Before the new code is deployed: only what the old code does not notice.
  expand: ({ schema }) => [
    // schema.alterTable('users', (t) => t.boolean('email_verified')),
  ],

  // While both run: fills the new shape, in small batches. (Add sql to the import above.)
  // backfill: {
  //   table: 'users',
  //   set: { email_verified: sql\`verified_at IS NOT NULL\` },
  //   where: sql\`email_verified IS NULL\`,
  // },

  // When nothing uses the old shape any more: tighten the new one, remove the old one.
  // contract: ({ ops }) => [
  //   ops.setNotNull('users', 'email_verified'),
  //   ops.dropColumn('users', 'verified_at'),
  // ],
})
`

export const SQL_TEMPLATE = `-- Take the first two dashes of a line below away to use it.

-- A backfill or a contract also needs a line that says what the code of this build does with the change:
-- \`-- app-uses: old\` touches only the old shape, \`-- app-uses: both\` writes both and reads the old one,
-- \`-- app-uses: new\` touches only the new one.

-- Before the new code is deployed: only what the old code does not notice.
-- phase: expand
-- ALTER TABLE users ADD COLUMN email_verified boolean;

-- While both run: fills the new shape, in small batches.
-- -- phase: backfill
-- UPDATE users SET email_verified = (verified_at IS NOT NULL)
-- WHERE email_verified IS NULL;

-- When nothing uses the old shape any more: tighten the new one, remove the old one.
-- -- phase: contract
-- ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT false;
-- ALTER TABLE users DROP COLUMN verified_at;
`
