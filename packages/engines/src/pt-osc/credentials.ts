import type { EngineConnection } from '@phasegate/core'
import type { RunFiles } from '../run-files.js'

/** Names of the files of TLS in a run's directory. */
export const TLS_FILES = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const

/**
 * The file that the client library of the tool reads everything from (`[client]`): the DSN holds names alone. TLS is said in the
 * words of MariaDB's library and of MySQL's; each passes over those of the other. MariaDB's takes a word without its `=1` for off.
 */
export function defaultsFile(connection: EngineConnection, files: Pick<RunFiles, 'path'>): string {
  const { host, port, socket, user, password, tls } = connection
  const at = (name: keyof typeof TLS_FILES): readonly string[] =>
    tls?.[name] === undefined ? [] : [`ssl-${name}=${quoted(files.path(TLS_FILES[name]))}`]
  const lines = [
    '[client]',
    ...(socket === undefined ? [`host=${quoted(overTcp(host))}`, `port=${port}`] : [`socket=${quoted(socket)}`]),
    `user=${quoted(user)}`,
    `password=${quoted(password)}`,
    ...(tls === undefined
      ? []
      : [
          'ssl-enforce=1',
          ...(tls.mode === 'verify' ? ['ssl-verify-server-cert=1', 'ssl-mode=VERIFY_IDENTITY'] : ['ssl-mode=REQUIRED']),
        ]),
    ...at('ca'),
    ...at('cert'),
    ...at('key'),
  ]
  return `${lines.join('\n')}\n`
}

/**
 * `localhost`, and only written like this, means the socket of this machine to client libraries, whatever the port; `protocol=tcp` of
 * such a file is not heeded by MariaDB's (seen with 10.11.19). The same name in capitals is looked up and verified as any other.
 */
function overTcp(host: string): string {
  return host === 'localhost' ? host.toUpperCase() : host
}

/** Quotes of one kind around it are taken off, a backslash is doubled, all else stands for itself (MariaDB Connector/C, ma_default.c). */
function quoted(value: string): string {
  const quote = value.includes('"') ? "'" : '"'
  return `${quote}${value.replaceAll('\\', '\\\\')}${quote}`
}

/** Why it could not log in with these, each with the way out. Never the value. */
export function credentialProblems({ user, password }: EngineConnection): readonly string[] {
  const wayOut = 'give the account that Phasegate connects as another one.'
  const bothQuotes = (value: string): boolean => value.includes('"') && value.includes("'")
  return [
    ...([user, password].some((value) => /[\r\n\0]/.test(value))
      ? [`pt-online-schema-change cannot be given a password of more than one line: ${wayOut}`]
      : []),
    ...([user, password].some(bothQuotes)
      ? [`pt-online-schema-change cannot be given a password with both kinds of quotes: ${wayOut}`]
      : []),
  ]
}
