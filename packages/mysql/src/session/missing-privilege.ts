import { quoteName } from '../sql/account.js'
import type { Address } from './translate-error.js'

/** What a migration's account needs on its database. */
export const NEEDED = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'CREATE',
  'ALTER',
  'DROP',
  'INDEX',
  'TRIGGER',
  'REFERENCES',
] as const

/** `GRANT … ON … TO …;` for this account. */
export function grantText(privileges: readonly string[], on: string, address: Address): string {
  return `GRANT ${privileges.join(', ')} ON ${on} TO ${address.account ?? quoteName(address.user)};`
}

/** What to do for a privilege that the server said is missing, by number and message (measured on 9.7.4 and 10.11.19). */
export function missingPrivilege(number: number | undefined, said: string, address: Address): readonly string[] {
  const database = `${quoteName(address.database)}.*`
  // Triggers and functions may do what replicas cannot repeat, so that with a binary log they need more than TRIGGER.
  if (number === 1419)
    return [
      'SET GLOBAL log_bin_trust_function_creators = 1; (with binlog_format = ROW nothing else changes)',
      `or, as an administrator: ${grantText(['SUPER'], '*.*', address)}`,
    ]
  if (number === 1095) return [grantText(['CONNECTION_ADMIN'], '*.*', address)]
  const command = /^([A-Z ]+) command denied to user/i.exec(said)?.[1]
  if (command !== undefined) return [grantText([command.toUpperCase()], database, address)]
  const global = /at least one of\) the (.+?) privilege/.exec(said)?.[1]
  if (global !== undefined) return [grantText([global.split(/ or |, /).at(-1) ?? global], '*.*', address)]
  return [
    `The server does not say which privilege; what Phasegate needs: ${grantText(NEEDED, database, address)}`,
    `SHOW GRANTS FOR ${address.account ?? address.user}; says which are there.`,
  ]
}
