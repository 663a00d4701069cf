import type { Row, Session } from '@phasegate/core'

/** A session of the server, as its list of processes has it. */
export interface Process {
  readonly id: string
  readonly user: string
  /** With the port of this one session; over a socket `localhost`. */
  readonly host: string
  readonly db: string | null
  /** `Sleep`: it waits for its client. */
  readonly command: string
  /** Since it does what it does. */
  readonly seconds: number
  readonly state: string
  /** The statement that it executes. */
  readonly info: string | null
}

/**
 * All sessions that the account may see: without PROCESS those of its own.
 *
 * Not from information_schema.processlist. MySQL 9.7.4 makes a table of utf8mb3 of it, and every query on that one fails
 * while anybody executes a statement with a character of four bytes in it. It may also have no room for that table.
 */
export async function readProcesses(session: Session): Promise<readonly Process[]> {
  const rows = await session.query('SHOW FULL PROCESSLIST')
  return rows.map((row) => ({
    id: String(row.Id),
    user: textOf(row, 'User'),
    host: textOf(row, 'Host'),
    db: row.db === null ? null : textOf(row, 'db'),
    command: textOf(row, 'Command'),
    seconds: Number(row.Time ?? 0),
    state: textOf(row, 'State'),
    info: row.Info === null ? null : textOf(row, 'Info'),
  }))
}

const textOf = (row: Row, name: string): string => String(row[name] ?? '')
