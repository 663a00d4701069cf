import { EXIT, type ExitCode, isPhasegateError, PhasegateError } from '@phasegate/core'
import { quoteName } from '../sql/account.js'
import { classifyError, errorNumber, sqlState } from './classify-error.js'
import { missingPrivilege } from './missing-privilege.js'

/** Where the target is, without a credential: `app@db.example.com:3306/shop`. */
export interface Address {
  readonly user: string
  readonly host: string
  readonly port: number
  readonly database: string
  /** Who we are to the server, for a GRANT: `` `app`@`%` ``; unknown before the login. */
  readonly account?: string
}

export function describeAddress(address: Address): string {
  const place = address.host.startsWith('/') ? address.host : `${address.host}:${address.port}`
  return `${address.user}@${place}/${address.database}`
}

/** A coded error for what the database said; `doing` completes "while …". */
export function translateError(error: unknown, doing: string, address: Address): PhasegateError {
  if (isPhasegateError(error)) return error
  const said = whatItSaid(error)
  const at = describeAddress(address)
  const number = errorNumber(error)
  const coded = (code: string, exit: ExitCode, message: string, why: string, next: readonly string[]): PhasegateError =>
    new PhasegateError({
      code,
      exit,
      message,
      why,
      next,
      cause: error,
      meta: { errno: number, sqlstate: sqlState(error), target: at, doing },
    })
  // ALGORITHM and LOCK are asked for by name, so that the server says no instead of copying the table.
  if (number === 1845 || number === 1846)
    return coded(
      'DATABASE.WOULD_BLOCK',
      EXIT.failed,
      `The server cannot do this beside traffic, and was told not to do it otherwise, while ${doing}.`,
      said,
      [
        'Add a new column or table of the wanted shape, fill it by a backfill, and drop the old one in contract.',
        'Or change the table with an online copy tool outside Phasegate.',
      ],
    )
  if (number === 4092 && /row version/i.test(said))
    return coded(
      'DATABASE.ROW_VERSIONS',
      EXIT.failed,
      `A table has used up its instant changes while ${doing}.`,
      said,
      [
        'In a quiet hour rebuild the table beside its traffic: ALTER TABLE <table> FORCE, ALGORITHM=INPLACE, LOCK=NONE;',
        'Then run the same command again: steps that are done stay done.',
      ],
    )
  switch (classifyError(error)) {
    case 'connection':
      return coded(
        'DATABASE.UNREACHABLE',
        EXIT.unreachable,
        `The database ${at} could not be reached while ${doing}.`,
        said,
        ['Check host, port and network, then run the same command again: nothing is lost.'],
      )
    case 'authentication':
      return coded('DATABASE.AUTHENTICATION', EXIT.usage, `The database ${at} refused the login.`, said, [
        'Check user, password and TLS parameters of the database URL, and the host that the account is for.',
      ])
    case 'no database':
      return coded(
        'DATABASE.MISSING',
        EXIT.usage,
        `There is no database ${address.database} on ${address.host}:${address.port}.`,
        said,
        [`CREATE DATABASE ${quoteName(address.database)}, or correct the database URL.`],
      )
    case 'permission':
      return coded(
        'DATABASE.PERMISSION',
        EXIT.usage,
        `The account ${address.account ?? address.user} lacks a privilege for ${doing}.`,
        said,
        missingPrivilege(number, said, address),
      )
    case 'read only':
      return coded('DATABASE.READ_ONLY', EXIT.usage, `The database ${at} is read-only.`, said, [
        'Point the database URL at the primary.',
      ])
    case 'too many connections':
      return coded('DATABASE.BUSY', EXIT.unreachable, `The database ${at} has no connection to spare.`, said, [
        'Try again, or raise max_connections (max_user_connections); Phasegate needs two connections.',
      ])
    case 'cancelled':
      return coded(
        'DATABASE.STATEMENT',
        EXIT.failed,
        `Somebody ended the statement (KILL QUERY) while ${doing}.`,
        said,
        ['Run the same command again: steps that are done stay done.'],
      )
    case 'disk full':
      return coded(
        'DATABASE.DISK_FULL',
        EXIT.failed,
        `The disk of the database ${at} is full: it could not write while ${doing}.`,
        said,
        [
          'Make room on the server, or give it a larger disk, then run the same command again: what is done stays done.',
        ],
      )
    case 'lock timeout':
      return coded('LOCK.TIMEOUT', EXIT.failed, `A lock was not free in time while ${doing}.`, said, [
        'Run the same command again.',
      ])
    default:
      return coded('DATABASE.STATEMENT', EXIT.failed, `The database refused a statement while ${doing}.`, said, [
        'Correct the statement in the migration file and run the same command again: steps that are done stay done.',
      ])
  }
}

function whatItSaid(error: unknown): string {
  if (error instanceof Error && error.message !== '') return error.message
  if (error instanceof AggregateError)
    return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ')
  return String(error)
}
