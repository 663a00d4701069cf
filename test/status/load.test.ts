import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type InstalledApp, installApp } from './installed-app.js'

const tool = (path: string): string => fileURLToPath(new URL(`../../node_modules/${path}`, import.meta.url))

const FOLLOW = `
const status = createStatus({
  database: () => Promise.reject(new Error('down')),
  manifest: { schemaVersion: 1, application: 'api', build: 'b', createdAt: 'c', digest: 'd', migrations: [] },
  logger: { debug() {}, info() {}, warn() {}, error() {} },
})
`
const PRINT = `status.refresh().then((document) => console.log(JSON.stringify([document.verdict, document.application])))`

/** The same text is valid as ES module and as CommonJS module. */
const TYPED = `
import { createServer } from 'node:http'
import { createStatus, type BuildManifest, type Status, type StatusDocument, readManifest } from '@phasegate/status'
import express from 'express'
import fastify from 'fastify'
import knex from 'knex'
import callbacks from 'mysql2'
import mysql from 'mysql2/promise'
import pg from 'pg'

const manifest: BuildManifest = readManifest('phasegate.manifest.json')
const fromPool: Status = createStatus({ database: new pg.Pool(), manifest })
createStatus({ database: new pg.Client(), manifest: new URL('file:///manifest.json') })
createStatus({ database: knex({ client: 'pg' }) })
createStatus({ database: mysql.createPool({}) })
createStatus({ database: callbacks.createPool({}) })
createStatus({ database: callbacks.createConnection({}) })
mysql.createConnection({}).then((connection) => createStatus({ database: connection }))
createStatus({ database: (sql) => mysql.createPool({}).query(sql), dialect: 'mariadb' })
const status = createStatus({ database: async (sql: string) => [{ text: sql }], pollInterval: { waiting: 1000 } })
createServer(status.http.ready)
createServer((request, response) => void status.http.handle(request, response))
const app = express()
app.use(status.express.routes)
app.get('/health/ready', status.express.ready)
app.get('/unit/:migration/:phase', status.express.unit)
const server = fastify()
server.register(status.fastify, { prefix: '/internal' })
server.get('/health/ready', status.fastify.ready)
export const pending: Promise<number> = fromPool.getMigrationStatus()
export const document: StatusDocument = status.migrationStatus()
// @ts-expect-error: not a dialect
createStatus({ database: async () => [], dialect: 'oracle' })
// @ts-expect-error: a URL is no database
createStatus({ database: 'postgres://localhost' })
status.register()
status.register({ writable: mysql.createPool({}) })
// @ts-expect-error: a URL is no database
status.register({ writable: 'postgres://localhost' })
export const gone: Promise<void> = status.close()
`

describe('the package as npm packs it', () => {
  let app: InstalledApp & { remove(): void }
  beforeAll(() => {
    app = installApp(
      {
        'package.json': '{ "name": "app", "private": true }',
        'app.cjs': `const { createStatus } = require('@phasegate/status')${FOLLOW}${PRINT}`,
        'app.mjs': `import { createStatus } from '@phasegate/status'${FOLLOW}${PRINT}`,
        'loaded.cjs': `require('@phasegate/status'); console.log(JSON.stringify(Object.keys(require.cache)))`,
        'readiness.spec.js': `
          const { createStatus } = require('@phasegate/status')
          test('readiness follows the journal', async () => {${FOLLOW}
            expect((await status.refresh()).verdict).toBe('unknown')
            expect(status.ready()).toBe(false)
            status.close()
          })
          test('the schema can be read', () => {
            expect(require('@phasegate/status/status.schema.json').properties.schemaVersion.const).toBe(1)
          })`,
        'typed.mts': TYPED,
        'typed.cts': TYPED,
        'bundled.ts': TYPED,
      },
      ['@types', 'express', 'fastify', 'knex', 'mysql2', 'pg', 'undici-types'],
    )
  })
  afterAll(() => app?.remove())

  test('runs in a CommonJS and in an ES application, and keeps neither alive', () => {
    expect(app.node('app.cjs')).toBe('["unknown","api"]\n')
    expect(app.node('app.mjs')).toBe('["unknown","api"]\n')
  })

  test('loads one file and nothing else: neither knex nor umzug nor pg nor mysql2', () => {
    const loaded: string[] = JSON.parse(app.node('loaded.cjs'))
    expect(loaded).toEqual([
      join(app.folder, 'loaded.cjs'),
      join(app.folder, 'node_modules/@phasegate/status/dist/index.cjs'),
    ])
    const module = readFileSync(join(app.folder, 'node_modules/@phasegate/status/dist/index.js'), 'utf8')
    expect([...module.matchAll(/^import .* from "(.*)";$/gm)].map(([, name]) => name).sort()).toEqual([
      'node:fs',
      'node:os',
      'node:url',
    ])
    expect(module).not.toMatch(/\bimport\(|\brequire\(/)
  })

  test('has no dependencies, and types that name none', () => {
    const folder = join(app.folder, 'node_modules/@phasegate/status')
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    expect([dependencies, peerDependencies]).toEqual([undefined, undefined])
    // An example in a comment may import what an application has.
    const code = (file: string) => readFileSync(join(folder, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
    for (const file of ['dist/index.d.ts', 'dist/index.d.cts'])
      expect([...code(file).matchAll(/from ["'](.*)["']|import\(["'](.*)["']\)/g)].map(([, name]) => name)).toEqual([
        'node:http',
      ])
  })

  test('runs under jest', () => {
    expect(() =>
      app.node(tool('jest/bin/jest.js'), '--rootDir', app.folder, '--testRegex', 'spec.js$', '--ci'),
    ).not.toThrow()
  })

  test.each([
    ['node16', 'node16', ['typed.mts', 'typed.cts']],
    ['esnext', 'bundler', ['bundled.ts']],
  ])('type-checks with module %s, resolution %s', { timeout: 240_000 }, (module, resolution, files) => {
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      'false',
      '--esModuleInterop',
      '--target',
      'es2022',
      '--types',
      'node',
    ]
    app.node(tool('typescript/bin/tsc'), ...options, '--module', module, '--moduleResolution', resolution, ...files)
  })
})
