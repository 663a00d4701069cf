import { setTimeout as sleep } from 'node:timers/promises'
import { askMysqlVersion } from './mysql-connection.js'
import { mysqlContainer } from './mysql-container.js'
import { mysqlProcess } from './mysql-process.js'
import { ACCOUNT, type MysqlOptions, mysqlArguments, PASSWORD } from './mysql-settings.js'
import { MYSQL_NAMES, type MysqlFamily, type MysqlSource } from './mysql-sources.mjs'

const START_TIMEOUT_MS = 120_000

/** A server that this process started, with data, a port and a life of its own. */
export interface RunningMysql {
  readonly family: MysqlFamily
  readonly port: number
  /** `9.7.4` */
  readonly version: string
  /** As an administrator; `mysql://…` or `mariadb://…`. */
  url(database?: string): string
  /** SIGKILL to the server; resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again on the same port and data; after `kill`, with crash recovery. Stops it first if it runs. */
  restart(): Promise<void>
  /** A proper shutdown: data is kept; `restart` brings it back. */
  stop(): Promise<void>
  /** What the server logged. */
  log(): Promise<string>
}

/** Creates a server and starts it on a private port. Takes about 5 s. */
export async function startMysql(source: MysqlSource, options: MysqlOptions = {}): Promise<RunningMysql> {
  const { family } = source
  const settings = mysqlArguments(family, options)
  const body = await (source.kind === 'binary'
    ? mysqlProcess(source, settings, options.folder)
    : mysqlContainer(source, settings, options.folder))
  const name = MYSQL_NAMES[family]
  let version = ''

  for (let attempt = 1; ; attempt++) {
    try {
      await start()
      break
    } catch (error) {
      // Somebody else took the port between our look and the server's bind.
      if (attempt === 5 || !/port is already allocated|Address already in use/.test(String(error))) throw error
      await body.move()
    }
  }

  return {
    family,
    get port() {
      return body.port
    },
    get version() {
      return version
    },
    url,
    kill: () => body.kill(),
    async restart() {
      await body.stop()
      await start()
    },
    stop: () => body.stop(),
    log: () => body.log(),
  }

  function url(database = ''): string {
    return `${family}://${ACCOUNT}:${PASSWORD}@${body.host}:${body.port}/${encodeURIComponent(database)}`
  }

  async function start(): Promise<void> {
    await body.start()
    for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(50)) {
      const answer = await versionOf(url())
      if (answer !== undefined) {
        version = answer
        return
      }
      const problem = (await body.ended()) ?? (Date.now() > deadline ? 'it is not ready in time' : undefined)
      if (problem !== undefined) {
        const log = (await body.log()).trimEnd().split('\n').slice(-20).join('\n')
        throw new Error(`${name} did not start: ${problem}\n${log}`)
      }
    }
  }
}

/** `9.7.4`, or undefined while the server does not let anybody in. */
async function versionOf(url: string): Promise<string | undefined> {
  try {
    return (await askMysqlVersion(url)).split('-')[0]
  } catch {
    // Not listening yet, or still in recovery: the caller asks again until its own deadline.
    return undefined
  }
}
