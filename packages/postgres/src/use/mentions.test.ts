import { beforeAll, describe, expect, it } from 'vitest'
import { loadParser } from '../parse/parser.js'
import { mentions } from './mentions.js'

beforeAll(loadParser)

const users = new Set(['users', 'users_2026'])
const column = (text: string) => mentions(text, { table: 'users', column: 'verified_at' }, users)
const table = (text: string) => mentions(text, { schema: 'app', table: 'users' }, users)

describe('mentions', () => {
  it.each(
    [
      'SELECT verified_at FROM users WHERE id = $1',
      'SELECT u."verified_at" FROM app.users u',
      'SELECT * FROM users',
      'SELECT u.* FROM users AS u JOIN orders o ON o.user_id = u.id',
      'SELECT row_to_json(users) FROM users',
      'SELECT to_jsonb(u) FROM users u',
      'SELECT (u).verified_at FROM users u',
      'SELECT id FROM users_2026 ORDER BY verified_at',
      'SELECT 1 FROM orders NATURAL JOIN users',
      'SELECT 1 FROM orders JOIN users USING (verified_at)',
      'SELECT id FROM users WHERE EXISTS (SELECT $1 FROM orders WHERE at > verified_at)',
      'INSERT INTO users VALUES ($1, $2)',
      'INSERT INTO users (id, verified_at) VALUES ($1, $2)',
      'INSERT INTO users (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET verified_at = $2',
      'INSERT INTO users (id) VALUES ($1) RETURNING *',
      'UPDATE users SET verified_at = now() WHERE id = $1',
      'UPDATE users SET (id, verified_at) = ($1, $2)',
      'DELETE FROM users WHERE verified_at < $1',
      'MERGE INTO users u USING o ON o.id = u.id WHEN MATCHED THEN UPDATE SET verified_at = o.at',
      'COPY users TO STDOUT',
      'COPY users (verified_at) TO STDOUT',
      'COPY (SELECT verified_at FROM users) TO STDOUT',
      'TABLE users',
      'PREPARE p AS SELECT verified_at FROM users',
      'DECLARE c CURSOR FOR SELECT * FROM users',
      'CREATE TABLE x AS SELECT * FROM users',
      'WITH w AS (SELECT * FROM users) SELECT id FROM w',
      'this is no SQL',
      '',
    ].filter((text) => text !== ''),
  )('says that this may use the column: %s', (text) => {
    expect(column(text)).toBe('possible')
  })

  it.each([
    'SELECT id, email FROM users WHERE id = $1',
    'SELECT count(*) FROM users',
    'SELECT verified_at FROM emails',
    'SELECT * FROM emails',
    'INSERT INTO users (id, email) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id',
    'UPDATE users SET email_verified = $1 WHERE id = $2',
    'COPY users (id) TO STDOUT',
    'SELECT verified_at FROM other.things',
    'ALTER TABLE users DROP COLUMN verified_at',
    'EXPLAIN SELECT verified_at FROM users',
    'CREATE INDEX ON users (verified_at)',
    'BEGIN',
  ])('says that this does not: %s', (text) => {
    expect(column(text)).toBe('no')
  })

  it.each([
    'SELECT id FROM users',
    'TRUNCATE users',
    'LOCK TABLE app.users',
    'DELETE FROM users_2026',
    'SELECT id FROM t WHERE id IN (SELECT id FROM users)',
  ])('says that this may use the table: %s', (text) => expect(table(text)).toBe('possible'))

  it.each(['SELECT id FROM other.users', 'VACUUM users', 'ANALYZE users', 'SELECT users FROM orders'])(
    'says that this does not use the table: %s',
    (text) => expect(table(text)).toBe('no'),
  )

  it("leaves out Phasegate's own", () => {
    expect(
      column(
        'WITH phasegate_changed AS (UPDATE users SET verified_at = $1 RETURNING 1) SELECT 1 FROM phasegate_changed',
      ),
    ).toBe('ours')
    expect(column('SELECT verified_at AS phasegate_differs FROM users')).toBe('ours')
    expect(column('UPDATE phasegate.unit SET state = (SELECT verified_at FROM users)')).toBe('ours')
  })
})
