import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isPhasegateError } from '@phasegate/core'
import { expect, test } from 'vitest'
import { addressOf, connectionSettings } from './connection-settings.js'

function refusal(connection: string | Record<string, unknown>): { readonly code: string; readonly text: string } {
  try {
    connectionSettings(connection)
  } catch (error) {
    if (isPhasegateError(error)) return { code: error.code, text: `${error.message} ${error.why ?? ''}` }
    throw error
  }
  throw new Error('it was taken')
}

test.each([
  [
    'mysql://app:p%40s%2Fs%25@db.example.com/shop',
    { user: 'app', password: 'p@s/s%', host: 'db.example.com', port: 3306, database: 'shop' },
  ],
  ['mariadb://app@db:3307/my%20shop', { user: 'app', host: 'db', port: 3307, database: 'my shop' }],
  ['mysql://[::1]:3307/shop', { host: '::1', port: 3307, database: 'shop' }],
  ['mysql:///shop', { host: 'localhost', port: 3306, database: 'shop' }],
  [
    'mysql://app@%2Frun%2Fmysqld.sock/shop',
    { user: 'app', socketPath: '/run/mysqld.sock', port: 3306, database: 'shop' },
  ],
  [
    'mysql://app@localhost/shop?socket=/run/mysqld.sock',
    { user: 'app', host: 'localhost', socketPath: '/run/mysqld.sock', port: 3306, database: 'shop' },
  ],
])('%s', (url, settings) => {
  expect(connectionSettings(url)).toEqual(settings)
})

test.each([
  ['ssl=true', { rejectUnauthorized: true, verifyIdentity: true }],
  ['ssl=0', undefined],
  ['sslmode=disable', undefined],
  ['ssl-mode=REQUIRED', { rejectUnauthorized: false }],
  ['sslmode=verify-ca', { rejectUnauthorized: true, verifyIdentity: false }],
  ['sslMode=VERIFY_IDENTITY', { rejectUnauthorized: true, verifyIdentity: true }],
])('%s', (parameters, ssl) => {
  expect(connectionSettings(`mysql://app@db/shop?${parameters}`).ssl).toEqual(ssl)
})

test('a certificate alone means that it is checked', () => {
  const file = join(tmpdir(), `phasegate-ca-${process.pid}.pem`)
  writeFileSync(file, 'certificate')
  expect(connectionSettings(`mysql://app@db/shop?sslca=${file}`).ssl).toEqual({
    rejectUnauthorized: true,
    verifyIdentity: true,
    ca: Buffer.from('certificate'),
  })
})

test.each([
  ['postgres://app:secret@db/shop', ''],
  ['mysql://app:secret@db', 'no database'],
  ['mysql://app:secret@db:x/shop', ''],
  ['mysql://app:secret%ff@db/shop', ''],
  ['mysql://app:secret@db/shop?connection_limit=3', 'connection_limit'],
  ['mysql://app:secret@db/shop?sslmode=prefer', 'falls back'],
  ['mysql://app:secret@db/shop?ssl={}', 'true or false'],
  ['mysql://app:secret@db/shop?sslca=/nowhere/ca.pem', '/nowhere/ca.pem'],
])('%s is refused, without its password', (url, why) => {
  const { code, text } = refusal(url)
  expect(code).toBe('DATABASE.URL')
  expect(text).toContain(why)
  expect(text).not.toContain('secret')
})

test('settings of the driver are taken as they are, and a URL among them is read', () => {
  expect(connectionSettings({ host: 'db', database: 'shop' })).toEqual({ host: 'db', database: 'shop' })
  expect(connectionSettings({ uri: 'mysql://app@db/shop', password: 'x' })).toMatchObject({
    user: 'app',
    password: 'x',
  })
  expect(refusal({ host: 'db' }).code).toBe('DATABASE.URL')
})

test('an address has no credential', () => {
  expect(addressOf(connectionSettings('mysql://app:secret@db/shop'))).toEqual({
    user: 'app',
    host: 'db',
    port: 3306,
    database: 'shop',
  })
})
