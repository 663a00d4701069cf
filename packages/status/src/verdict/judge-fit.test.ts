import type { BuildManifest, JournalSnapshot, UnitRecord } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { judgeFit } from './judge-fit.js'

const M = '20261122093000_email_verified'

function build(name: string, appUses: 'old' | 'both' | 'new'): BuildManifest {
  return {
    schemaVersion: 1,
    application: 'api',
    build: name,
    createdAt: '2026-11-22T09:30:00Z',
    digest: `sha256:${name}`,
    migrations: [{ name: M, phases: ['expand', 'backfill', 'contract'], appUses, fingerprints: {} }],
  }
}

function journal(...units: readonly Partial<UnitRecord>[]): JournalSnapshot {
  return {
    exists: true,
    version: 3,
    target: 'c0ffee',
    database: 'shop',
    server: { dialect: 'postgres', version: '18.0' },
    now: '2026-11-22T12:00:00.000Z',
    held: null,
    units: units.map(
      (unit) => ({ migration: M, phase: 'contract', state: 'applied', detail: {}, ...unit }) as UnitRecord,
    ),
    approvals: [],
    evidence: [],
    builds: [],
  }
}
const filled = [{ phase: 'expand' as const }, { phase: 'backfill' as const }]
const contracted = journal(...filled, { detail: { destroyed: ['users.verified_at'] } })
const texts = (...builds: readonly object[]): string[] => builds.map((one) => JSON.stringify(one))

describe('a build that is to run', () => {
  it('may where nothing has been taken away, and then no other is looked for', () => {
    expect(judgeFit(build('a', 'both'), journal(...filled), texts(build('b', 'new')))).toMatchObject({
      fits: true,
      takenAway: [],
      newestFitting: null,
    })
  })

  it('may not after the contract: what it dropped is named, and the newest recorded build that may', () => {
    const recorded = texts(build('newest', 'both'), build('next', 'new'), build('older', 'new'))
    expect(judgeFit(build('a', 'old'), contracted, recorded)).toMatchObject({
      fits: false,
      verdict: 'incompatible',
      takenAway: [{ unit: `${M}:contract`, state: 'applied', destroyed: ['users.verified_at'] }],
      newestFitting: { build: 'next', digest: 'sha256:next' },
    })
  })

  it('that lacks something is not sent to one that lacks it too, nor to itself', () => {
    const a = build('a', 'new')
    const nothing = { ...journal(), units: [] }
    expect(judgeFit(a, nothing, texts(build('b', 'both'))).newestFitting).toBeNull()
    expect(judgeFit(a, nothing, texts(a, build('b', 'both'), build('c', 'old'))).newestFitting?.build).toBe('c')
  })

  it('passes over recorded builds that it cannot read', () => {
    const recorded = texts({ ...build('later', 'new'), schemaVersion: 9 }, {}, build('b', 'new'))
    expect(judgeFit(build('a', 'old'), contracted, recorded).newestFitting?.build).toBe('b')
  })
})
