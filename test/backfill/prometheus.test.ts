import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PrometheusCheck } from '@phasegate/core'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeWithPrometheus, startPrometheus } from '../support/servers.js'
import { countingBackfill, counts, itemsSql, setUpBackfill, unitRow } from './backfill-setup.js'

/** The machine may be busy. */
const PATIENT = { timeout: 30_000 }

describeWithPrometheus('a backfill that watches a Prometheus', (server) => {
  test('waits while a metric is above its limit, and goes on below it', async () => {
    const db = await createDatabase(server)
    await db.query(itemsSql(200))
    const setup = await setUpBackfill(db)
    let load = 20
    const metrics = createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4')
      response.end(`load{host="a"} ${load}\nload{host="b"} 1\nload{host="c"} NaN\n`)
    })
    await new Promise<void>((resolve) => metrics.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      metrics.closeAllConnections()
      await new Promise((resolve) => metrics.close(resolve))
    })
    const { url } = await startPrometheus(`127.0.0.1:${(metrics.address() as AddressInfo).port}`)

    const reasonOf = async () => (await unitRow(db)).progress?.throttleReason
    const check = (query: string): PrometheusCheck => ({ url, query, limits: { soft: 5, hard: 10 } })
    const pace = { throttle: { every: 100, signals: {}, prometheus: [check('load'), check('scalar(sum(up))')] } }
    const running = setup.run(countingBackfill(), { pace })
    // A metric appears with the first scrape.
    await expect.poll(reasonOf, PATIENT).toBe('Prometheus load is 20 (limit 10)')
    expect(await counts(db)).toEqual({ '0': 200 })
    load = 2
    expect(await running).toEqual({ state: 'applied', rows: 200 })
    expect(await counts(db)).toEqual({ '1': 200 })
  })

  test.each([
    ['sum(', /^Prometheus sum\( is not known yet: it answered 400: .*parse error/],
    ['nothing_of_that_name', /^Prometheus nothing_of_that_name is not known yet: no series has a value$/],
    ['up[1m]', /^Prometheus up\[1m\] is not known yet: its answer is no result of an instant query$/],
  ])('waits where %s has no value, and says why', async (query, reason) => {
    const db = await createDatabase(server)
    await db.query(itemsSql(10))
    const setup = await setUpBackfill(db)
    const { url } = await startPrometheus('127.0.0.1:1')
    const stop = new AbortController()
    const prometheus = [{ url, query, limits: { soft: null, hard: 1 } }]
    const running = setup.run(countingBackfill(), {
      pace: { throttle: { every: 100, signals: {}, prometheus } },
      signal: stop.signal,
    })
    const ended = running.catch((error: unknown) => error)
    await expect.poll(async () => (await unitRow(db)).progress?.throttleReason, PATIENT).toMatch(reason)
    stop.abort(new Error('enough'))
    expect(await ended).toMatchObject({ message: 'enough' })
    expect(await counts(db)).toEqual({ '0': 10 })
  })
})
