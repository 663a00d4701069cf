import { isPhasegateError } from '@phasegate/core'
import type { Metric } from '@phasegate/status'
import { expect, onTestFinished, test } from 'vitest'
import { startHealthServer } from './health-server.js'
import type { WorkerHealth } from './worker-health.js'

const HEALTH: WorkerHealth = {
  state: 'idle',
  unit: null,
  live: true,
  ready: true,
  turnedMs: 5,
  lastError: { code: 'DATABASE.UNREACHABLE', message: 'postgresql://app:secret@db/shop', at: '2026-11-22T10:00:00Z' },
}

const METRICS: readonly Metric[] = [
  { name: 'phasegate_batches_total', help: 'Batches.', type: 'counter', samples: [{ labels: {}, value: 3 }] },
]

async function serve(health: Partial<WorkerHealth> = {}) {
  const server = await startHealthServer(
    '127.0.0.1',
    0,
    () => ({ ...HEALTH, ...health }),
    () => METRICS,
  )
  onTestFinished(() => server.close())
  return async (path: string, method = 'GET') => {
    const response = await fetch(`${server.url}${path}`, { method })
    return { status: response.status, text: await response.text() }
  }
}

test('live and ready are 200 or 503, each for itself', async () => {
  const well = await serve()
  expect([(await well('/health/live')).status, (await well('/health/ready')).status]).toEqual([200, 200])
  const away = await serve({ ready: false })
  expect([(await away('/health/live')).status, (await away('/health/ready')).status]).toEqual([200, 503])
  const hanging = await serve({ live: false })
  expect([(await hanging('/health/live')).status, (await hanging('/health/ready')).status]).toEqual([503, 200])
})

test('the body says how it is, without passwords', async () => {
  const { text } = await (await serve())('/health/ready?verbose')
  expect(JSON.parse(text)).toMatchObject({ state: 'idle', lastError: { code: 'DATABASE.UNREACHABLE' } })
  expect(text).not.toContain('secret')
})

test('metrics are in the text format of Prometheus', async () => {
  const { status, text } = await (await serve())('/metrics')
  expect([status, text]).toEqual([200, expect.stringMatching(/^phasegate_batches_total 3$/m)])
})

test('everything else is not there', async () => {
  const ask = await serve()
  expect((await ask('/')).status).toBe(404)
  expect((await ask('/health')).status).toBe(404)
  expect((await ask('/health/live', 'POST')).status).toBe(405)
})

test('an address that is taken is a coded error', async () => {
  const server = await startHealthServer(
    '127.0.0.1',
    0,
    () => HEALTH,
    () => METRICS,
  )
  onTestFinished(() => server.close())
  const port = Number(new URL(server.url).port)
  const error: unknown = await startHealthServer(
    '127.0.0.1',
    port,
    () => HEALTH,
    () => METRICS,
  ).catch((thrown: unknown) => thrown)
  expect(isPhasegateError(error) ? error.code : error).toBe('WORKER.HEALTH_PORT')
})
