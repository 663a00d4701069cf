/** One server's body, whether a process or a container: start-mysql.ts waits until it lets somebody in. */
export interface MysqlBody {
  readonly host: string
  readonly port: number
  start(): Promise<void>
  /** Why it ended by itself; undefined while it runs. */
  ended(): Promise<string | undefined>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** A proper shutdown; resolves when it is gone. */
  stop(): Promise<void>
  /** Where it should listen instead, because somebody else took the port. */
  move(): Promise<void>
  log(): Promise<string>
}
