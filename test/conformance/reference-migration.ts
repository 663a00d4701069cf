import { createProject, type Project } from '../support/project.js'
import { type AnyDatabase, type AnyServer, createDatabase } from '../support/servers.js'
import { type SqlWords, wordsOf } from '../support/sql-words.js'

/** The migration of the guide: a boolean takes the place of a moment, while old and new code run. */
export const REFERENCE = '20261122093000_email_verified'

const typescript = ({ now }: SqlWords): string => `
import { defineMigration, sql } from 'phasegate'
export default defineMigration({
  appUses: 'new',
  expand: ({ schema }) => [schema.alterTable('users', (t) => t.boolean('email_verified'))],
  sync: {
    table: 'users',
    forward: { email_verified: sql\`verified_at IS NOT NULL\` },
    backward: { verified_at: sql\`CASE WHEN email_verified THEN coalesce(verified_at, ${now}) END\` },
  },
  backfill: {
    table: 'users',
    set: { email_verified: sql\`verified_at IS NOT NULL\` },
    where: sql\`email_verified IS NULL\`,
    batch: { size: 100 },
  },
  contract: ({ ops }) => [
    ops.setDefault('users', 'email_verified', false),
    ops.setNotNull('users', 'email_verified'),
    ops.dropColumn('users', 'verified_at'),
  ],
})
`

const sqlFile = ({ now }: SqlWords): string => `
-- app-uses: new
-- sync: forward email_verified = (verified_at IS NOT NULL)
-- sync: backward verified_at = CASE WHEN email_verified THEN coalesce(verified_at, ${now}) END
-- batch: size=100

-- phase: expand
ALTER TABLE users ADD COLUMN email_verified boolean;

-- phase: backfill
UPDATE users SET email_verified = (verified_at IS NOT NULL)
WHERE email_verified IS NULL;

-- phase: contract
ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT false;
ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL;
ALTER TABLE users DROP COLUMN verified_at;
`

export function referenceProject(words: SqlWords, form: 'TypeScript' | 'SQL' = 'TypeScript'): Project {
  return createProject(
    form === 'TypeScript'
      ? { [`phasegate/${REFERENCE}.ts`]: typescript(words) }
      : { [`phasegate/${REFERENCE}.sql`]: sqlFile(words) },
  )
}

/** A database with `rows` users, every third of them verified. */
export function usersDatabase(server: AnyServer, rows: number): Promise<AnyDatabase> {
  const { timestamp, numbers } = wordsOf(server)
  const sql = `
    CREATE TABLE users (id bigint PRIMARY KEY, email varchar(200) NOT NULL, verified_at ${timestamp});
    INSERT INTO users SELECT g, concat('user', g, '@example.com'),
      CASE WHEN g % 3 = 0 THEN '2026-01-01 00:00:00'${server.family === 'postgres' ? '::timestamptz' : ''} END
    FROM ${numbers(rows)}`
  return createDatabase(server, { name: 'conformance_users', sql })
}

/** One build of the application, doing all that it does; throws where the database does not let it. */
export interface Build {
  /** Writes a new user and changes one, both verified, and reads both back; `id` is an id that no user has. */
  work(db: AnyDatabase, id: number): Promise<void>
}

export const OLD_BUILD: Build = { work: (db, id) => work(db, id, 'verified_at', wordsOf(db).now, 'IS NOT NULL') }
export const NEW_BUILD: Build = { work: (db, id) => work(db, id, 'email_verified', 'true', '= true') }

async function work(db: AnyDatabase, id: number, column: string, verified: string, isVerified: string): Promise<void> {
  const { value } = wordsOf(db)
  await db.query(`INSERT INTO users (id, email, ${column}) VALUES (${value(1)}, ${value(2)}, ${verified})`, [id, 'new'])
  await db.query(`UPDATE users SET ${column} = ${verified}, email = ${value(1)} WHERE id = 1`, [`by ${column}`])
  const rows = await db.query(`SELECT id, email FROM users WHERE id IN (1, ${id}) AND ${column} ${isVerified}`)
  if (rows.length !== 2) throw new Error(`the build that uses ${column} reads ${JSON.stringify(rows)}`)
}
