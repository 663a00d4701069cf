import { EXIT, PhasegateError } from '@phasegate/core'
import type { ClientConfig } from 'pg'
import { parseIntoClientConfig } from 'pg-connection-string'
import type { Address } from './translate-error.js'

/** Reads a URL or pg settings, without ever putting a credential into an error. Throws `DATABASE.URL`. */
export function connectionSettings(connection: string | Readonly<Record<string, unknown>>): ClientConfig {
  if (typeof connection !== 'string') return connection as ClientConfig
  if (!/^postgres(ql)?:\/\//.test(connection)) throw badUrl()
  try {
    return parseIntoClientConfig(connection)
  } catch {
    // The parser's own message may quote the URL, and with it the password.
    throw badUrl()
  }
}

function badUrl(): PhasegateError {
  return new PhasegateError({
    code: 'DATABASE.URL',
    message: 'The database URL cannot be read.',
    next: [
      'Write it as postgresql://user:password@host:5432/database; percent-encode special characters of the password.',
    ],
    exit: EXIT.usage,
  })
}

/** Where these settings lead, for messages; pg's own defaults where nothing is said. */
export function addressOf(settings: ClientConfig): Address {
  const user = settings.user ?? process.env.PGUSER ?? process.env.USER ?? 'postgres'
  return {
    user,
    host: settings.host ?? process.env.PGHOST ?? 'localhost',
    port: Number(settings.port ?? process.env.PGPORT ?? 5432),
    database: settings.database ?? process.env.PGDATABASE ?? user,
  }
}
