import { parseAccount, quoteAccount, quoteName } from './account.js'
import { hasErrorNumber } from './error-number.js'
import { JOURNAL_TABLES } from './journal-tables.js'

/** ER_NO_SUCH_TABLE: there is no journal in this database, or not yet. */
export function notInitialised(error: unknown): boolean {
  return hasErrorNumber(error, [1146])
}

/**
 * ER_TABLEACCESS_DENIED_ERROR, ER_COLUMNACCESS_DENIED_ERROR. Of a table that an account has no privilege on, the server
 * says this whether it is there or not.
 */
export function isForbidden(error: unknown): boolean {
  return hasErrorNumber(error, [1142, 1143])
}

/** The statements that let an account read the journal; `appRoles` in the config makes the runner run the same. */
export function grantsFor(account: string, database: string): readonly string[] {
  const grantee = quoteAccount(parseAccount(account))
  return JOURNAL_TABLES.map((table) => `GRANT SELECT ON ${quoteName(database)}.${quoteName(table)} TO ${grantee};`)
}
