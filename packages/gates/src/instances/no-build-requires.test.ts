import { describe, expect, it } from 'vitest'
import { build, context } from '../gate-fixtures.test.support.js'
import { noBuildRequires } from './no-build-requires.js'

const ask = (...builds: ReturnType<typeof build>[]) =>
  noBuildRequires().check(context({ phase: 'expand', action: 'revert', builds }))

describe('noBuildRequires', () => {
  it.each(['both', 'new'] as const)('is closed while a live build says %s', async (uses) => {
    expect(await ask(build('worker', { m: 'old' }), build('api', { m: uses }))).toMatchObject({
      state: 'closed',
      reason: `live builds require m: api api-digest (1 instance) says '${uses}'`,
    })
  })

  it('opens when those that need it are gone', async () => {
    expect((await ask(build('api', { m: 'both' }, 0), build('api', { m: 'old' }), build('billing', {}))).reason).toBe(
      'no live build requires m',
    )
  })

  it('opens with a warning where nothing reports', async () => {
    expect(await ask()).toMatchObject({ state: 'open', reason: expect.stringMatching(/^warning: /) })
  })
})
