import type { EngineConnection } from '@phasegate/core'
import { expect, test } from 'vitest'
import { connectionProblems, passwordFile, repackArguments, repackEnvironment, takenArguments } from './arguments.js'
import { OWNER_MAY } from './probe.js'
import { versionProblem } from './version-problem.js'

const connection: EngineConnection = {
  host: 'db.example.org',
  port: 5432,
  user: 'owner',
  password: 'secret:with\\both',
  database: 'shop',
}
const files = { path: (name: string) => `/run/${name}` }

test('no other session is ever cancelled, nobody is asked for a password, and a name is quoted', () => {
  expect(repackArguments({ schema: 'public', name: 'Odd " name' }, { features: new Set() }, ['--jobs=2'])).toEqual([
    '--table="public"."Odd "" name"',
    '--no-kill-backend',
    '--wait-timeout=60',
    '--no-password',
    '--jobs=2',
  ])
})

test('an option that a person gives is not given twice, which it would refuse', () => {
  const given = repackArguments({ schema: 'public', name: 'users' }, { features: new Set() }, ['-T', '5'])
  expect(given.filter((argument) => argument.includes('wait-timeout'))).toEqual([])
})

test('from 1.5.2 on the owner of a table may run it', () => {
  const table = { schema: 'public', name: 'users' }
  expect(repackArguments(table, { features: new Set([OWNER_MAY]) }, [])).toContain('--no-superuser-check')
})

test('the password is in its file and nowhere else', () => {
  expect(passwordFile(connection)).toBe('*:*:*:*:secret\\:with\\\\both\n')
  const environment = repackEnvironment(connection, files, [])
  expect(environment).toMatchObject({ PGPASSFILE: '/run/pgpass', PGDATABASE: 'shop', PGSSLMODE: 'disable' })
  expect(
    JSON.stringify([environment, repackArguments({ schema: 'a', name: 'b' }, { features: new Set() }, [])]),
  ).not.toMatch(/secret/)
})

test('limits of the account are taken off, and only where there are some', () => {
  expect(repackEnvironment(connection, files, [])).not.toHaveProperty('PGOPTIONS')
  expect(repackEnvironment(connection, files, ['lock_timeout', 'statement_timeout']).PGOPTIONS).toBe(
    '-c lock_timeout=0 -c statement_timeout=0',
  )
})

test('TLS is as strict as that of the driver', () => {
  const strict = { ...connection, tls: { mode: 'verify', ca: 'PEM' } } as const
  expect(repackEnvironment(strict, files, [])).toMatchObject({ PGSSLMODE: 'verify-full', PGSSLROOTCERT: '/run/ca.pem' })
  expect(repackEnvironment({ ...connection, tls: { mode: 'encrypt' } }, files, []).PGSSLMODE).toBe('require')
})

test('a directory of a socket counts instead of the host', () => {
  expect(repackEnvironment({ ...connection, socket: '/var/run/postgresql' }, files, []).PGHOST).toBe(
    '/var/run/postgresql',
  )
})

test('a person may say how it goes about it, not what it does', () => {
  expect(takenArguments(['--wait-timeout=5', '-T', '5', '-j2', '--order-by=id', '--apply-count', '100', '-Z'])).toEqual(
    [],
  )
  const taken = ['--table=x', '-t', '-a', '--all', '-W', '-d', 'x', '--dry-run', '-N', '--only-indexes', '--password']
  expect(takenArguments(taken)).toEqual(taken.filter((one) => one !== 'x'))
})

test('what it could not connect with is said before', () => {
  expect(connectionProblems(connection)).toEqual([])
  const [password, database, ...more] = connectionProblems({ ...connection, password: 'two\nlines', database: 'a b' })
  expect(password).toMatch(/more than one line/)
  expect(password).not.toMatch(/two/)
  expect(database).toMatch(/"a b"/)
  expect(more).toEqual([])
})

test('client and extension must be of the same version, and both are named with the way out', () => {
  expect(versionProblem('1.4.8', '1.4.8')).toEqual([])
  expect(versionProblem('1.4.8', undefined)[0]).toMatch(/CREATE EXTENSION pg_repack/)
  expect(versionProblem('1.5.2', '1.4.8')[0]).toMatch(
    /1\.4\.8 .* 1\.5\.2.*DROP EXTENSION pg_repack; CREATE EXTENSION pg_repack;/,
  )
})
