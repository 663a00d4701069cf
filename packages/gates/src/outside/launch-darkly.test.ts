import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askGates } from '@phasegate/core'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { context } from '../gate-fixtures.test.support.js'
import { type LaunchDarklyOptions, launchDarkly } from './launch-darkly.js'

/** The shapes of LaunchDarkly's API documentation, without the fields that nobody reads. */
const status = (name: string) => ({ name, lastRequested: '2026-11-22T11:00:00.000Z', default: null })
const settings = {
  on: true,
  offVariation: 1,
  fallthrough: { variation: 0 },
  rules: [],
  targets: [],
  contextTargets: [],
  prerequisites: [],
}
const flagOf = (change: object = {}) => ({
  key: 'new-only',
  variations: [
    { _id: 'a', value: true },
    { _id: 'b', value: false },
  ],
  environments: { production: { ...settings, ...change } },
})

let answers: { readonly status: unknown; readonly flag: unknown }
let code = 200
let asked: string[] = []
const server = createServer((request, response) => {
  asked.push(`${request.headers.authorization} ${request.url}`)
  const answer = request.url?.includes('flag-statuses') ? answers.status : answers.flag
  response.writeHead(code).end(JSON.stringify(answer))
})
let url = ''
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())
beforeEach(() => {
  code = 200
  asked = []
  vi.stubEnv('LAUNCHDARKLY_ACCESS_TOKEN', 'api-s3cret')
  return () => vi.unstubAllEnvs()
})

const ask = async (given: typeof answers, options: Partial<LaunchDarklyOptions> = {}) => {
  answers = given
  const gate = launchDarkly({ project: 'shop', environment: 'production', flag: 'new-only', url, ...options })
  return (await askGates([gate], context()))[0]!
}

describe('launchDarkly', () => {
  it('opens when the flag is launched and serves the right variation to everybody', async () => {
    expect(await ask({ status: status('launched'), flag: flagOf() })).toMatchObject({
      state: 'open',
      observed: 'launched, serving true',
    })
    expect(asked).toEqual([
      'api-s3cret /api/v2/flag-statuses/shop/production/new-only',
      'api-s3cret /api/v2/flags/shop/new-only?env=production',
    ])
    expect(await ask({ status: status('launched'), flag: flagOf() }, { serves: false })).toMatchObject({
      state: 'closed',
    })
    expect(await ask({ status: status('launched'), flag: flagOf({ on: false }) }, { serves: false })).toMatchObject({
      state: 'open',
    })
    expect(await ask({ status: status('launched'), flag: flagOf({ on: false }) })).toMatchObject({ state: 'closed' })
  })

  it.each(['new', 'active', 'inactive'])('is closed while the flag is %s', async (name) => {
    expect(await ask({ status: status(name), flag: flagOf() })).toMatchObject({ state: 'closed', observed: name })
  })

  it.each([
    ['a share', { fallthrough: { rollout: { variations: [{ variation: 0, weight: 100_000 }] } } }],
    ['a rule for another variation', { rules: [{ variation: 1 }] }],
    ['a target with another variation', { targets: [{ variation: 1, values: ['x'] }] }],
    ['a prerequisite', { prerequisites: [{ key: 'other', variation: 0 }] }],
    ['no switch', { on: undefined }],
  ])('is unknown with %s', async (_what, change) => {
    expect(await ask({ status: status('launched'), flag: flagOf(change) })).toMatchObject({ state: 'unknown' })
  })

  it('is unknown for a status that it does not know, an answer that is none, and an error', async () => {
    expect(await ask({ status: status('archived'), flag: flagOf() })).toMatchObject({ state: 'unknown' })
    expect(await ask({ status: [], flag: flagOf() })).toMatchObject({ state: 'unknown' })
    expect(await ask({ status: status('launched'), flag: {} })).toMatchObject({ state: 'unknown' })
    code = 401
    expect(await ask({ status: { message: 'bad token api-s3cret' }, flag: {} })).toMatchObject({
      state: 'unknown',
      reason: expect.stringContaining('401: {"message":"bad token [LAUNCHDARKLY_ACCESS_TOKEN]"}'),
    })
    vi.stubEnv('LAUNCHDARKLY_ACCESS_TOKEN', '')
    expect(await ask({ status: status('launched'), flag: flagOf() })).toMatchObject({ state: 'unknown' })
  })
})
