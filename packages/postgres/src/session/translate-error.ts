import { EXIT, type ExitCode, isPhasegateError, PhasegateError } from '@phasegate/core'
import { classifyError, sqlState } from './classify-error.js'

/** Where the target is, without a credential: `app@db.example.com:5432/shop`. */
export interface Address {
  readonly user: string
  readonly host: string
  readonly port: number
  readonly database: string
}

export function describeAddress(address: Address): string {
  return `${address.user}@${address.host}:${address.port}/${address.database}`
}

/** A coded error for what the database said; `doing` completes "while …". */
export function translateError(error: unknown, doing: string, address: Address): PhasegateError {
  if (isPhasegateError(error)) return error
  const said = error instanceof Error && error.message !== '' ? error.message : describeAggregate(error)
  const at = describeAddress(address)
  const coded = (code: string, exit: ExitCode, message: string, why: string, next: readonly string[]): PhasegateError =>
    new PhasegateError({
      code,
      exit,
      message,
      why,
      next,
      cause: error,
      meta: { sqlstate: sqlState(error), target: at, doing },
    })
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
        'Check user, password and TLS parameters of the database URL (and pg_hba.conf).',
      ])
    case 'no database':
      return coded(
        'DATABASE.MISSING',
        EXIT.usage,
        `There is no database ${address.database} on ${address.host}:${address.port}.`,
        said,
        [`createdb ${address.database}, or correct the database URL.`],
      )
    case 'permission':
      return coded('DATABASE.PERMISSION', EXIT.usage, `Role ${address.user} lacks a privilege for ${doing}.`, said, [
        'Run Phasegate with the role that owns the tables, or grant what is named above.',
      ])
    case 'read only':
      return coded('DATABASE.READ_ONLY', EXIT.usage, `The database ${at} is read-only.`, said, [
        'Point the database URL at the primary.',
      ])
    case 'too many connections':
      return coded('DATABASE.BUSY', EXIT.unreachable, `The database ${at} has no connection to spare.`, said, [
        'Try again, or raise max_connections; Phasegate needs two connections.',
      ])
    case 'disk full':
      return coded(
        'DATABASE.DISK_FULL',
        EXIT.failed,
        `The disk of the database ${at} is full: it could not write while ${doing}.`,
        withDetail(error, said),
        [
          'Make room on the server, or give it a larger disk, then run the same command again: what is done stays done.',
        ],
      )
    case 'lock timeout':
      return coded('LOCK.TIMEOUT', EXIT.failed, `A lock was not free in time while ${doing}.`, said, [
        'Run the same command again.',
      ])
    default:
      return coded(
        'DATABASE.STATEMENT',
        EXIT.failed,
        `The database refused a statement while ${doing}.`,
        withDetail(error, said),
        ['Correct the statement in the migration file and run the same command again: steps that are done stay done.'],
      )
  }
}

function describeAggregate(error: unknown): string {
  if (error instanceof AggregateError)
    return error.errors.map((one) => (one instanceof Error ? one.message : String(one))).join('; ')
  return String(error)
}

function withDetail(error: unknown, said: string): string {
  const field = (name: string): string =>
    typeof error === 'object' && error !== null && name in error
      ? String((error as Record<string, unknown>)[name] ?? '')
      : ''
  return [said, field('detail'), field('hint')].filter((text) => text !== '').join(' ')
}
