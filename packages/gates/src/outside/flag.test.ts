import { askGates } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { context } from '../gate-fixtures.test.support.js'
import { type FlagClient, type FlagDetails, type FlagOptions, flag } from './flag.js'

/** A client in the shape of OpenFeature's; `undefined` gives the default back. */
const client = (details: Partial<FlagDetails> | undefined): FlagClient => ({
  getBooleanValue: async (_key, byDefault) => details?.value ?? byDefault,
  getBooleanDetails: async (_key, byDefault) => ({ value: byDefault, ...details }),
})
const ask = async (given: Parameters<typeof flag>[0], options?: FlagOptions) =>
  (await askGates([flag(given, 'new-only', options)], context()))[0]!

describe('flag', () => {
  it('opens when the flag has the value, and is closed when it has the other', async () => {
    const on = client({ value: true, reason: 'STATIC', variant: 'on' })
    expect(await ask(on)).toMatchObject({
      name: 'flag(new-only)',
      state: 'open',
      reason: 'new-only is true (on, STATIC)',
      expiresAt: '2026-11-22T12:05:00.000Z',
    })
    expect(await ask(on, { is: false })).toMatchObject({ name: 'flag(new-only is false)', state: 'closed' })
    expect(await ask(client({ value: false, reason: 'STATIC' }))).toMatchObject({ state: 'closed', observed: 'false' })
    expect(await ask(client({ value: false, reason: 'CACHED' }), { is: false })).toMatchObject({ state: 'open' })
  })

  it.each(['DEFAULT', 'DISABLED', 'ERROR', 'STALE', 'UNKNOWN', 'SPLIT'])(
    'is unknown for a value with reason %s',
    async (reason) => {
      expect(await ask(client({ value: true, reason }))).toMatchObject({ state: 'unknown' })
      expect(await ask(client({ value: false, reason }), { is: false })).toMatchObject({ state: 'unknown' })
    },
  )

  it('is unknown for an error, with its code', async () => {
    const error = client({ value: true, errorCode: 'FLAG_NOT_FOUND', errorMessage: 'no such flag' })
    expect(await ask(error)).toMatchObject({ state: 'unknown', reason: 'new-only: FLAG_NOT_FOUND: no such flag' })
  })

  it('takes what is only the default for no answer, whatever the client says', async () => {
    expect(await ask(client(undefined))).toMatchObject({ state: 'unknown', reason: expect.stringContaining('default') })
    const simple: FlagClient = { getBooleanValue: async (_key, byDefault) => byDefault }
    expect(await ask(simple)).toMatchObject({ state: 'unknown' })
    expect(await ask(simple, { is: false })).toMatchObject({ state: 'unknown' })
    expect(await ask({ getBooleanValue: () => true })).toMatchObject({ state: 'open' })
  })

  it.each(['NOT_READY', 'STALE', 'ERROR', 'FATAL', 'RECONCILING'])(
    'is unknown while the provider is %s',
    async (providerStatus) => {
      expect(await ask({ ...client({ value: true, reason: 'STATIC' }), providerStatus })).toMatchObject({
        state: 'unknown',
      })
    },
  )

  it('is unknown where the client throws, hangs or gives something else', async () => {
    const thrown = client({ value: true })
    expect(await ask({ ...thrown, getBooleanDetails: () => Promise.reject(new Error('no network')) })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('no network'),
    })
    expect(await ask({ ...thrown, getBooleanDetails: () => new Promise(() => {}) }, { timeout: '1s' })).toMatchObject({
      state: 'unknown',
    })
    expect(await ask(client({ value: 'true' as unknown as boolean }))).toMatchObject({ state: 'unknown' })
    expect(await ask(() => Promise.reject(new Error('no client')))).toMatchObject({ state: 'unknown' })
  })
})
