import { describe, expect, it } from 'vitest'
import { answer, type Pages, respond } from './respond.js'
import { routeOf, unitOf } from './route.js'

const pages: Pages = {
  live: answer(200, { page: 'live' }),
  startup: answer(200, { page: 'startup' }),
  ready: answer(503, { page: 'ready' }),
  status: () => answer(200, { page: 'status' }),
  metrics: () => answer(200, { page: 'metrics' }),
  unit: (unit) => answer(200, unit),
  gate: (unit) => answer(200, unit),
}
const get = (url: string, method = 'GET'): unknown => {
  const route = routeOf(url)
  return route === undefined ? undefined : respond(method, route, pages)
}

describe('a request', () => {
  it.each(['/health/live', '/health/startup', '/health/ready', '/migrations/status', '/migrations/metrics'])(
    'for %s is answered',
    (path) => {
      expect(get(path)).toMatchObject({ body: JSON.stringify({ page: path.split('/').at(-1) }) })
      expect(get(`${path}/?verbose=1`)).toEqual(get(path))
      expect(get(path, 'HEAD')).toEqual(get(path))
    },
  )
  it('for a unit or a gate is answered by its name', () => {
    const body = JSON.stringify({ migration: '2026_a b', phase: 'expand' })
    expect(get('/migrations/unit/2026_a%20b/expand')).toMatchObject({ status: 200, body })
    expect(get('/migrations/gate/2026_a%20b/expand?x=/y/z')).toMatchObject({ status: 200, body })
    expect(unitOf('/any/prefix/2026_a/contract')).toEqual({ migration: '2026_a', phase: 'contract' })
  })
  it('for what is no unit is 404', () => {
    expect(get('/migrations/unit/2026_a/shrink')).toMatchObject({ status: 404 })
    expect(get('/migrations/unit/%E0%A4%A/expand')).toMatchObject({ status: 404 })
  })
  it('by another method is 405', () => {
    expect(get('/health/ready', 'POST')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
  })
  it.each(['/', '/health', '/health/live/x', '/migrations/unit/a', '/migrations/other/a/expand'])(
    'for %s is not ours',
    (path) => {
      expect(get(path)).toBeUndefined()
    },
  )
})
