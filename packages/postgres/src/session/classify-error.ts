import type { ErrorKind } from '@phasegate/core'

/** SQLSTATE of an error from the server; undefined where the client raised it. */
export function sqlState(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

const BY_STATE: Readonly<Record<string, ErrorKind>> = {
  '55P03': 'lock timeout',
  '40P01': 'deadlock',
  '40001': 'serialization',
  '57P01': 'connection',
  '57P02': 'connection',
  '57P03': 'connection',
  '57P05': 'connection',
  '28P01': 'authentication',
  '28000': 'authentication',
  '3D000': 'no database',
  '42501': 'permission',
  '25006': 'read only',
  '53300': 'too many connections',
  '53100': 'disk full',
}

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
])

/** What pg says where it lost or never had its connection; anchored, since other errors quote what others say. */
const PG_LOST =
  /^(Connection terminated|Connection ended|timeout expired|timeout exceeded when trying to connect|Client was closed|Client has encountered a connection error|server closed the connection)/i

/** Node's codes where the server's certificate is not what was asked for (Node.js docs: TLS, "X509 certificate error codes"). */
const TLS_REFUSED = /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|UNABLE_TO_|(DEPTH_ZERO_)?SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_CA)/

/**
 * What a database error means for what we do next, by SQLSTATE (PostgreSQL docs: Appendix A) or, where the connection
 * itself failed, by what node and pg say.
 */
export function classifyError(error: unknown): ErrorKind {
  const state = sqlState(error)
  const message = error instanceof Error ? error.message : String(error)
  if (state === '57014') return /statement timeout/.test(message) ? 'statement timeout' : 'cancelled'
  if (state !== undefined) {
    const known = BY_STATE[state]
    if (known !== undefined) return known
    if (state.startsWith('08')) return 'connection'
    // 22: data exceptions, 23: integrity constraints: one row cannot be what the statement wants it to be.
    if (state.startsWith('22') || state.startsWith('23')) return 'row'
    return 'statement'
  }
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  // A file that a function of the author misses is no socket.
  const ofSocket = code !== 'ENOENT' || (error as { syscall?: unknown }).syscall === 'connect'
  if (NETWORK.has(code) && ofSocket) return 'connection'
  if (PG_LOST.test(message)) return 'connection'
  if (error instanceof AggregateError)
    return error.errors.some((one) => classifyError(one) === 'connection') ? 'connection' : 'statement'
  if (TLS_REFUSED.test(code) || /SASL|password|does not support SSL/i.test(message)) return 'authentication'
  return 'statement'
}

/** Did the server raise it (its errors carry a severity), or is it the connection to it that failed? */
export function isDatabaseError(error: unknown): boolean {
  return error instanceof Error && ('severity' in error || classifyError(error) === 'connection')
}
