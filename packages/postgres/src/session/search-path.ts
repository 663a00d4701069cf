import type { ConnectOptions } from '@phasegate/core'

/**
 * The connection with a search path. knex sets it by a statement on each new connection; a startup option does the same
 * and costs no round trip (PostgreSQL docs: libpq, `options`).
 */
export function withSearchPath(
  connection: ConnectOptions['connection'],
  schemas: readonly string[],
): ConnectOptions['connection'] {
  const list = schemas.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(',')
  const options = `-c search_path=${list.replace(/[\\ ]/g, (character) => `\\${character}`)}`
  if (typeof connection !== 'string') return { ...connection, options }
  return `${connection}${connection.includes('?') ? '&' : '?'}options=${encodeURIComponent(options)}`
}
