import 'reflect-metadata'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { HealthCheck, HealthCheckService, HealthIndicatorService, TerminusModule } from '@nestjs/terminus'
import { createStatus, type Status } from '@phasegate/status'
import pg from 'pg'
import { expect, onTestFinished, test } from 'vitest'
import { createDatabase, describeOnPostgres, type TestDatabase } from '../support/servers.js'
import { EMAIL, manifestThatUses, recordUnits, WITH_JOURNAL } from './journal-rows.js'

const APPLICATION = fileURLToPath(new URL('./terminus-app.mjs', import.meta.url))

describeOnPostgres(18, 'the recipes of docs/status.md', (server) => {
  test('@godaddy/terminus: ready when the build fits, unready while it drains and live until its end', async () => {
    const db = await createDatabase(server, WITH_JOURNAL)
    const dir = mkdtempSync(join(tmpdir(), 'phasegate-terminus-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    const [manifest, ended] = [join(dir, 'manifest.json'), join(dir, 'ended')]
    writeFileSync(manifest, JSON.stringify(manifestThatUses('both')))
    const child = spawn(process.execPath, [APPLICATION, db.url, manifest, ended], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    const exited = once(child, 'exit')
    const [line] = (await once(child.stdout, 'data')) as [Buffer]
    const { port } = JSON.parse(String(line)) as AddressInfo
    const ask = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status

    await expect.poll(() => ask('/health/startup'), { timeout: 10_000 }).toBe(200)
    expect(await ask('/health/ready')).toBe(503)
    await recordUnits(db, { [`${EMAIL}:expand`]: 'applied' })
    await expect.poll(() => ask('/health/ready'), { timeout: 10_000 }).toBe(200)
    child.kill('SIGTERM')
    await expect.poll(() => ask('/health/ready'), { timeout: 5_000 }).toBe(503)
    expect(await ask('/health/live')).toBe(200)
    expect((await exited)[0]).toBe(0)
    expect(readFileSync(ended, 'utf8')).toBe('ended')
    // What it was stays known for the quiet time; it lives no longer.
    expect(await db.query('SELECT draining, expires_at <= clock_timestamp() AS over FROM phasegate.instance')).toEqual([
      { draining: true, over: true },
    ])
  })

  test('NestJS terminus: an indicator that is up when the build fits and down when it does not', async () => {
    const db = await createDatabase(server, WITH_JOURNAL)
    const status = follow(db)
    const app = await NestFactory.create(moduleWith(status), { logger: false })
    onTestFinished(() => app.close())
    await app.listen(0, '127.0.0.1')
    const { port } = app.getHttpServer().address() as AddressInfo
    const ask = async () => {
      const response = await fetch(`http://127.0.0.1:${port}/health/ready`)
      return [response.status, await response.json()] as const
    }
    await status.refresh()
    expect(await ask()).toMatchObject([503, { error: { migrations: { status: 'down', verdict: 'behind' } } }])
    await recordUnits(db, { [`${EMAIL}:expand`]: 'applied' })
    await status.refresh()
    expect(await ask()).toMatchObject([200, { info: { migrations: { status: 'up', verdict: 'compatible' } } }])
    status.drain()
    expect((await ask())[0]).toBe(503)
  })
})

function follow(db: TestDatabase): Status {
  const pool = new pg.Pool({ connectionString: db.url, max: 1 })
  const status = createStatus({ database: pool, manifest: manifestThatUses('both'), pollInterval: 600_000 })
  onTestFinished(async () => {
    await status.close()
    await pool.end()
  })
  return status
}

/** The recipe, its decorators written as calls: the tests are compiled without them. */
function moduleWith(status: Status): new () => object {
  class MigrationsHealth {
    readonly indicators: HealthIndicatorService
    constructor(indicators: HealthIndicatorService) {
      this.indicators = indicators
    }

    check(key: string) {
      const { verdict, reason } = status.migrationStatus()
      const indicator = this.indicators.check(key)
      return status.ready() ? indicator.up({ verdict }) : indicator.down({ verdict, reason })
    }
  }
  Injectable()(MigrationsHealth)
  Inject(HealthIndicatorService)(MigrationsHealth, undefined, 0)

  class HealthController {
    readonly health: HealthCheckService
    readonly migrations: MigrationsHealth
    constructor(health: HealthCheckService, migrations: MigrationsHealth) {
      this.health = health
      this.migrations = migrations
    }

    ready() {
      return this.health.check([() => this.migrations.check('migrations')])
    }
  }
  Controller('health')(HealthController)
  Inject(HealthCheckService)(HealthController, undefined, 0)
  Inject(MigrationsHealth)(HealthController, undefined, 1)
  const descriptor = Object.getOwnPropertyDescriptor(HealthController.prototype, 'ready')!
  Get('ready')(HealthController.prototype, 'ready', descriptor)
  HealthCheck()(HealthController.prototype, 'ready', descriptor)

  class AppModule {}
  Module({ imports: [TerminusModule], controllers: [HealthController], providers: [MigrationsHealth] })(AppModule)
  return AppModule
}
