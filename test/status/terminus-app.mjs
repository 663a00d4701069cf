// The recipe for @godaddy/terminus of docs/status.md, as a process: prints its address, and ends as a pod does.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createTerminus, HealthCheckError } from '@godaddy/terminus'
import { createStatus } from '@phasegate/status'
import pg from 'pg'

const [database, manifest, ended = ''] = process.argv.slice(2)
const pool = new pg.Pool({ connectionString: database, max: 1 })
const status = createStatus({ database: pool, manifest, pollInterval: 200 })
status.register()
const server = createServer((request, response) => {
  if (!status.http.handle(request, response)) response.end('the application')
})

createTerminus(server, {
  healthChecks: {
    '/health/ready': async () => {
      if (!status.ready()) throw new HealthCheckError('not ready', [status.migrationStatus().reason])
    },
    verbatim: true,
  },
  beforeShutdown: async () => {
    status.drain()
    await new Promise((resolve) => setTimeout(resolve, 1_500)) // one readiness period
  },
  onSignal: async () => {
    await status.close()
    await pool.end()
  },
  onShutdown: async () => writeFileSync(ended, 'ended'),
  useExit0: true,
})

server.listen(0, '127.0.0.1', () => process.stdout.write(`${JSON.stringify(server.address())}\n`))
