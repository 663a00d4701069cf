import type { CompiledMigration, CompiledUnit, Phase } from '@phasegate/core'
import { expect, test } from 'vitest'
import { buildManifest } from './build-manifest.js'

function migration(name: string, over: Partial<CompiledMigration> = {}): CompiledMigration {
  const unit = (phase: Phase): CompiledUnit => ({
    id: { migration: name, phase },
    fingerprint: `1:${phase}`,
    steps: [],
  })
  return {
    name,
    file: `${name}.ts`,
    format: 'typescript',
    appUses: { api: 'new', worker: 'both' },
    applications: undefined,
    hasSync: false,
    units: { expand: unit('expand'), contract: unit('contract') },
    revert: { possible: false, reason: '' },
    gates: {},
    ...over,
  }
}

const identity = { application: 'api', build: 'abc', createdAt: '2026-11-22T00:00:00.000Z' }

test('holds each migration with its phases, fingerprints and what this application uses', () => {
  expect(buildManifest([migration('m1')], identity).migrations).toEqual([
    {
      name: 'm1',
      phases: ['expand', 'contract'],
      appUses: 'new',
      fingerprints: { expand: '1:expand', contract: '1:contract' },
    },
  ])
})

test('appUses is null where it is not declared or the migration is not about the application', () => {
  const files = [
    migration('m1', { appUses: undefined }),
    migration('m2', { appUses: 'old', applications: ['worker'] }),
    migration('m3', { appUses: { worker: 'old' } }),
  ]
  expect(buildManifest(files, identity).migrations.map(({ appUses }) => appUses)).toEqual([null, null, null])
})

test('the digest does not know the time, and knows everything else', () => {
  const digest = (over: Partial<typeof identity>, files = [migration('m1')]): string =>
    buildManifest(files, { ...identity, ...over }).digest
  expect(digest({ createdAt: '2030-01-01T00:00:00.000Z' })).toBe(digest({}))
  const others = [digest({ build: 'def' }), digest({ application: 'worker' }), digest({}, [migration('m2')])]
  expect(new Set([digest({}), ...others]).size).toBe(4)
})
