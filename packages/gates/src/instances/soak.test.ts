import { describe, expect, it } from 'vitest'
import { context, migration, record } from '../gate-fixtures.test.support.js'
import { soak } from './soak.js'

describe('soak', () => {
  it('opens when the backfill was applied that long ago', async () => {
    expect(await soak('24h').check(context())).toMatchObject({ state: 'open', observed: '1d', required: '1d' })
  })

  it('is closed until then and says when it will open', async () => {
    expect(await soak('2d').check(context())).toMatchObject({
      state: 'closed',
      reason: 'm:backfill was applied 1d ago; opens at 2026-11-23T12:00:00.000Z, in 1d',
    })
  })

  it('counts from expand where the migration has no backfill', async () => {
    const { expand, contract } = migration().units
    const units = [record('expand', { finishedAt: '2026-11-22T11:00:00.000Z' })]
    const check = await soak('2h').check(
      context({ migration: { units: { expand: expand!, contract: contract! } }, units }),
    )
    expect(check).toMatchObject({ state: 'closed', reason: expect.stringContaining('m:expand was applied 1h ago') })
  })

  it('does not count from expand while the backfill is not applied', async () => {
    const units = [record('expand'), record('backfill', { state: 'running' })]
    expect((await soak('1s').check(context({ units }))).state).toBe('closed')
  })

  it('counts from when a build on the old shape was seen last, for contract alone and applications concerned alone', async () => {
    const build = (application: string, uses: 'old' | 'new') => ({
      digest: `${application} ${uses}`,
      application,
      liveInstances: 0,
      firstSeen: '2026-11-01T12:00:00.000Z',
      lastSeen: '2026-11-22T11:00:00.000Z',
      uses: { m: uses },
    })
    const seen = (builds: readonly ReturnType<typeof build>[], change = {}) =>
      soak('24h').check(context({ builds, ...change }))
    expect(await seen([build('api', 'old')])).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('a build that uses the old shape was seen 1h ago; opens at 2026-11-23T11:00'),
    })
    expect((await seen([build('api', 'new')])).state).toBe('open')
    expect(
      (await seen([build('api', 'old')], { migration: { applications: ['billing'], units: migration().units } })).state,
    ).toBe('open')
  })

  it('has nothing to wait for without an earlier phase', async () => {
    const { contract } = migration().units
    expect((await soak('7d').check(context({ migration: { units: { contract: contract! } } }))).state).toBe('open')
    expect((await soak('7d').check(context({ phase: 'expand' }))).state).toBe('open')
  })

  it('is unknown where the journal does not say when, and closed where the clock went back', async () => {
    const at = (finishedAt: string | null) => context({ units: [record('backfill', { finishedAt })] })
    expect((await soak('1s').check(at(null))).state).toBe('unknown')
    expect((await soak('1s').check(at('nonsense'))).state).toBe('unknown')
    expect((await soak('1s').check(at('2026-12-24T12:00:00.000Z'))).state).toBe('closed')
  })

  it('refuses a duration that it cannot read where it is written', () => {
    expect(() => soak('a week')).toThrow(expect.objectContaining({ code: 'GATE.DURATION' }))
  })
})
