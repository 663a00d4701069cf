import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BuildManifest } from '@phasegate/core'
import { afterAll, describe, expect, it } from 'vitest'
import { readManifest } from './read-manifest.js'

const folder = mkdtempSync(join(tmpdir(), 'phasegate-manifest-'))
afterAll(() => rmSync(folder, { recursive: true }))

const migration = { name: '20261122093000_a', phases: ['expand'], appUses: 'both', fingerprints: { expand: '1:a' } }
const good = {
  schemaVersion: 1,
  application: 'api',
  build: 'b',
  createdAt: 'now',
  digest: 'd',
  migrations: [migration],
}
const read = (value: unknown): BuildManifest => readManifest(value as BuildManifest)

describe('a build manifest', () => {
  it('is read from a path, a URL or an object, and may hold keys that we do not know', () => {
    const file = join(folder, 'a b.json')
    writeFileSync(file, JSON.stringify({ ...good, later: true }))
    expect(readManifest(file).application).toBe('api')
    expect(readManifest(pathToFileURL(file)).migrations).toHaveLength(1)
    expect(read(good).build).toBe('b')
  })

  it('that is not there is told from one that is not valid', () => {
    expect(() => readManifest(join(folder, 'none.json'))).toThrow(
      expect.objectContaining({ code: 'MANIFEST.NOT_FOUND' }),
    )
    const file = join(folder, 'broken.json')
    writeFileSync(file, '{')
    expect(() => readManifest(file)).toThrow(expect.objectContaining({ code: 'MANIFEST.INVALID', where: { file } }))
  })

  it('of a later version is refused by name', () => {
    expect(() => read({ ...good, schemaVersion: 2 })).toThrow(expect.objectContaining({ code: 'MANIFEST.NEWER' }))
  })

  it.each<[string, unknown]>([
    ['an object', []],
    ['schemaVersion', { ...good, schemaVersion: '1' }],
    ['application', { ...good, application: '' }],
    ['digest', { ...good, digest: 1 }],
    ['migrations', { ...good, migrations: {} }],
    ['migrations[0]: is not', { ...good, migrations: [null] }],
    ['name', { ...good, migrations: [{ ...migration, name: 1 }] }],
    ['twice', { ...good, migrations: [migration, migration] }],
    ['phases', { ...good, migrations: [{ ...migration, phases: ['expand', 'shrink'] }] }],
    ['appUses', { ...good, migrations: [{ ...migration, appUses: 'newer' }] }],
    ['appUses', { ...good, migrations: [{ ...migration, appUses: undefined }] }],
    ['fingerprints', { ...good, migrations: [{ ...migration, fingerprints: { expand: 1 } }] }],
  ])('is refused naming what is wrong: %s', (named, value) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({ code: 'MANIFEST.INVALID', message: expect.stringContaining(named) }),
    )
  })
})
