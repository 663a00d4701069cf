import { describe, expect, it } from 'vitest'
import { approvalRecord, context } from '../gate-fixtures.test.support.js'
import { appUsesNew } from './app-uses-new.js'

const says = (change: NonNullable<Parameters<typeof context>[0]>['migration'], approvals = [approvalRecord()]) =>
  appUsesNew().check(context({ migration: change ?? {}, approvals }))

describe('appUsesNew', () => {
  it('opens when the file says new for every application', async () => {
    expect((await says({ appUses: 'new' }, [])).state).toBe('open')
    expect((await says({ appUses: { api: 'new', worker: 'new' } }, [])).state).toBe('open')
  })

  it.each(['old', 'both'] as const)('is closed when it says %s, whoever approves', async (appUses) => {
    expect(await says({ appUses })).toMatchObject({
      state: 'closed',
      reason: `appUses is '${appUses}' in m.ts; deploy code that uses only the new shape and say 'new'`,
    })
  })

  it('names the application that is not there yet', async () => {
    const check = await says({ appUses: { api: 'new', worker: 'both' } })
    expect(check).toMatchObject({ state: 'closed', observed: "appUses is 'both' for worker" })
  })

  it('is closed when an application concerned is not declared', async () => {
    const check = await says({ appUses: { api: 'new' }, applications: ['api', 'billing'] })
    expect(check).toMatchObject({ state: 'closed', observed: 'appUses is not declared for billing' })
    expect((await says({ appUses: {} })).state).toBe('closed')
  })

  it('asks for an approval where the file says nothing', async () => {
    expect((await says({ appUses: undefined }, [])).state).toBe('closed')
    expect((await says({ appUses: undefined }, [approvalRecord({ fingerprint: '1:other' })])).state).toBe('closed')
    const forOne = approvalRecord({ gate: 'application billing' })
    expect((await says({ appUses: undefined }, [forOne])).state).toBe('closed')
    expect((await says({ appUses: undefined })).state).toBe('open')
  })
})
