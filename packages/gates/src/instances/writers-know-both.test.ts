import { describe, expect, it } from 'vitest'
import { build, context } from '../gate-fixtures.test.support.js'
import { writersKnowBoth } from './writers-know-both.js'

const ask = (situation: Parameters<typeof context>[0]) =>
  writersKnowBoth().check(context({ phase: 'backfill', ...situation }))

describe('writersKnowBoth', () => {
  it('opens with sync, whatever the code does', async () => {
    const builds = [build('api', { m: 'old' })]
    expect((await ask({ migration: { hasSync: true, appUses: 'old' }, builds })).state).toBe('open')
  })

  it('is closed while the file itself says old for an application', async () => {
    expect((await ask({ migration: { appUses: 'old' } })).state).toBe('closed')
    expect((await ask({ migration: { appUses: { api: 'both', worker: 'old' } } })).reason).toContain('for worker')
  })

  it('opens when the file says both or new', async () => {
    for (const appUses of ['both', 'new'] as const) {
      const check = await ask({ migration: { appUses } })
      expect(check.state).toBe('open')
      expect(check.reason).not.toContain('warning')
    }
  })

  it('opens with a warning where nobody says anything', async () => {
    expect(await ask({ migration: { appUses: undefined } })).toMatchObject({
      state: 'open',
      reason: expect.stringMatching(/^warning: /),
    })
  })

  it('is closed while a live build writes only the old shape or does not know the migration', async () => {
    for (const uses of [{ m: 'old' as const }, {}]) {
      expect(await ask({ migration: { appUses: 'both' }, builds: [build('api', uses, 2)] })).toMatchObject({
        state: 'closed',
        reason: 'live builds that do not write the new shape: api api-digest (2 instances)',
      })
    }
  })

  it('warns of applications that do not report, or never have', async () => {
    const application = { seenEvery: 60_000, roles: [] }
    const clients = {
      applications: [
        { ...application, name: 'api', reports: true },
        { ...application, name: 'nightly', reports: true },
        { ...application, name: 'billing', reports: false },
      ],
      ignoredRoles: [],
    }
    const builds = [build('api', { m: 'both' })]
    expect(await ask({ migration: { appUses: 'both' }, builds, clients })).toMatchObject({
      state: 'open',
      reason: expect.stringContaining('warning: nightly, billing does not report'),
    })
    const [api] = clients.applications
    const heard = await ask({ migration: { appUses: 'both' }, builds, clients: { ...clients, applications: [api!] } })
    expect(heard.reason).toBe('every live build writes the new shape')
  })

  it('lets builds count that are gone or of other applications as little as none', async () => {
    const builds = [build('api', { m: 'old' }, 0), build('billing', {})]
    expect((await ask({ migration: { appUses: 'both', applications: ['api'] }, builds })).state).toBe('open')
  })
})
