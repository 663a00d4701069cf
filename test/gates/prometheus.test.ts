import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { askGates, type GateCheck, type GateContext } from '@phasegate/core'
import { prometheus } from '@phasegate/gates'
import { expect, onTestFinished, test } from 'vitest'
import { describeWithPrometheus, startPrometheus } from '../support/servers.js'

/** What the gate reads of its context. */
const context = {
  unit: { id: { migration: 'm', phase: 'contract' } },
  snapshot: { now: new Date().toISOString(), evidence: [] },
} as unknown as GateContext

/** The machine may be busy. */
const PATIENT = { timeout: 30_000, interval: 300 }

describeWithPrometheus('a gate that asks a Prometheus', () => {
  test('opens after a sustained time, and holds for everything that is no value', async () => {
    let reads = 0
    const metrics = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(`old_reads{pod="a"} ${reads}\nold_reads{pod="b"} 0\nodd NaN\n`)
    })
    await new Promise<void>((resolve) => metrics.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      metrics.closeAllConnections()
      await new Promise((resolve) => metrics.close(resolve))
    })
    const { url } = await startPrometheus(`127.0.0.1:${(metrics.address() as AddressInfo).port}`)
    const ask = async (query: string, sustained?: string): Promise<GateCheck> => {
      const gate = prometheus({ url, query, holds: '== 0', ...(sustained === undefined ? {} : { for: sustained }) })
      return (await askGates([gate], context))[0]!
    }

    // A metric appears with the first scrape; before that there is no series.
    expect(await ask('sum(old_reads)', '2s')).toMatchObject({ state: 'unknown' })
    await expect.poll(() => ask('sum(old_reads)', '2s'), PATIENT).toMatchObject({ state: 'open', observed: '0' })
    expect(await ask('old_reads')).toMatchObject({ state: 'unknown', reason: expect.stringContaining('2 series') })
    expect(await ask('odd')).toMatchObject({ state: 'unknown', reason: expect.stringContaining('NaN') })
    expect(await ask('old_reads[1m]')).toMatchObject({ state: 'unknown', reason: expect.stringContaining('matrix') })
    expect(await ask('nothing_of_that_name')).toMatchObject({ state: 'unknown' })
    expect(await ask('nothing_of_that_name or vector(0)')).toMatchObject({ state: 'open' })
    expect(await ask('sum(')).toMatchObject({ state: 'unknown', reason: expect.stringContaining('parse error') })

    reads = 3
    await expect.poll(() => ask('sum(old_reads)'), PATIENT).toMatchObject({ state: 'closed', observed: '3' })
    // Longer than the second between two points.
    await sleep(2500)
    reads = 0
    await expect.poll(() => ask('sum(old_reads)'), PATIENT).toMatchObject({ state: 'open' })
    // Now it is 0 again, but it was not all the time.
    expect(await ask('sum(old_reads)', '60s')).toMatchObject({
      state: 'closed',
      reason: expect.stringContaining('was 3 at'),
    })
  }, 120_000)
})
