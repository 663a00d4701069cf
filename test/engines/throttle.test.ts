import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { atTestEnd } from '../support/at-test-end.js'
import { startCli } from '../support/run-cli.js'
import { type AnyDatabase, describeWithPtOsc, describeWithTool, type SharedMysql } from '../support/servers.js'
import { hasPhone, leftoversIn, phoneBy, usersOn } from './lane-setup.js'

const ROWS = 20_000
/** ms that a tool may take to heed a signal, and that it then must not move. */
const HEEDED = 5_000
const STILL = 4_000

/** A signal as freno's: 200 is go, 429 is wait. */
async function signal(): Promise<{ readonly url: string; says(status: 200 | 429): void }> {
  let status = 200
  const server = createServer((_request, response) => response.writeHead(status).end()).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  atTestEnd(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/check`,
    says: (now) => {
      status = now
    },
  }
}

function suite(server: SharedMysql, tool: 'gh-ost' | 'pt-osc', slow: readonly string[], path?: string): void {
  test('waits while a signal of the throttle is high, and goes on afterwards', async () => {
    const db = await usersOn(server, ROWS)
    const { url, says } = await signal()
    const project = phoneBy(tool, {
      'phasegate.config.mjs': `export default { backfill: { throttle: { http: '${url}' } },
        engines: { '${tool}': ${JSON.stringify({ path, arguments: slow })} } }`,
    })
    const cli = startCli(project, ['expand', '--long', '--json'], { env: { DATABASE_URL: db.url }, timeout: 120_000 })
    const copied = rowsOf(db, tool === 'gh-ost' ? '_users_gho' : '_users_new')
    await expect.poll(copied, { timeout: 30_000 }).toBeGreaterThan(0)
    says(429)
    await sleep(HEEDED)
    const before = await copied()
    await sleep(STILL)
    expect(await copied()).toBe(before)
    expect(before).toBeLessThan(ROWS)
    expect(await hasPhone(db)).toBe(false)
    expect(cli.stderr()).toMatch(/"paused":true[^\n]*"throttleReason":"[^"]*127\.0\.0\.1/)
    says(200)
    const { code, stdout, stderr } = await cli.ended
    expect(code, stderr + stdout).toBe(0)
    expect(await hasPhone(db)).toBe(true)
    expect(await leftoversIn(db)).toEqual([])
  })
}

/** 0: it is not there. */
const rowsOf = (db: AnyDatabase, table: string) => async (): Promise<number> => {
  const [row] = await db.query(`SELECT COUNT(*) AS n FROM ${table}`).catch(() => [])
  return Number(row?.n ?? 0)
}

describeWithTool('gh-ost', 'mysql', 'gh-ost under load', (server) =>
  suite(server, 'gh-ost', ['--chunk-size=500', '--nice-ratio=20']),
)
describeWithPtOsc('pt-online-schema-change under load', (server, path) =>
  suite(server, 'pt-osc', ['--chunk-size=500', '--sleep=0.3'], path),
)
