// A process of a build, given as JSON in its argument: `{ url, family, manifest, instance, pollInterval }`. It registers, says `ready`
// with the time that it takes it to be, and ends when its input does.
import { createStatus } from '@phasegate/status'
import mysql from 'mysql2/promise'
import pg from 'pg'

const { url, family, ...options } = JSON.parse(process.argv[2] ?? '')
const pool =
  family === 'postgres'
    ? new pg.Pool({ connectionString: url, max: 1 })
    : mysql.createPool({ uri: url, connectionLimit: 1 })
const status = createStatus({ database: pool, ...options })
status.register()
status.onChange(() => {
  if (status.ready()) console.log(`ready ${new Date().toISOString()}`)
})
process.stdin.resume().on('end', async () => {
  status.drain()
  await status.close()
  await pool.end()
  process.exit(0)
})
