import { findMysql, HOW_TO_GET_MYSQL, type MysqlFamily } from '../support/mysql-sources.mjs'
import { findPostgres, HOW_TO_GET_POSTGRES } from '../support/postgres-binaries.js'
import { startMysql } from '../support/start-mysql.js'
import { startPostgres } from '../support/start-postgres.js'
import type { BenchDatabase } from './bench-database.js'
import { mysqlBench } from './mysql-bench.js'
import type { BenchFamily } from './parts.js'
import { postgresBench } from './postgres-bench.js'

/** A server of the bench's own, which does not wait for disks. */
export interface BenchServer {
  readonly database: BenchDatabase
  stop(): Promise<void>
}

/** Starts one; rejects with how to get it where it is not there. */
export const START: Readonly<Record<BenchFamily, () => Promise<BenchServer>>> = {
  postgres: async () => {
    const binaries = findPostgres(18)
    if (binaries === undefined) throw new Error(HOW_TO_GET_POSTGRES[18])
    // As in production, or VACUUM would look at the same pages again and again: until the commit record of a row is written,
    // nobody may note in the row that it is committed, and its page does not count as visible to all.
    const server = await startPostgres(binaries, { fsync: false, settings: { synchronous_commit: 'on' } })
    return open(server, () => postgresBench(server))
  },
  mariadb: () => startFamily('mariadb'),
  mysql: () => startFamily('mysql'),
}

async function startFamily(family: MysqlFamily): Promise<BenchServer> {
  const source = await findMysql(family)
  if (source === undefined) throw new Error(HOW_TO_GET_MYSQL[family])
  const server = await startMysql(source, { fsync: false })
  return open(server, () => mysqlBench(server))
}

async function open(server: { stop(): Promise<void> }, connect: () => Promise<BenchDatabase>): Promise<BenchServer> {
  const database = await connect()
  return {
    database,
    stop: async () => {
      // A connection that is broken already is as closed as it gets.
      await database.close().catch(() => {})
      await server.stop()
    },
  }
}
