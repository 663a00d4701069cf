/** How a server must log for `scannedStatements` to read it. */
export const SCAN_LOG_SETTINGS = {
  log_min_messages: 'debug1',
  log_statement: 'ddl',
  log_line_prefix: '[%p] %d ',
} as const

/**
 * The DDL statements that read the whole table, by the server's log, in order.
 *
 * PostgreSQL says `verifying table "…"` at DEBUG1 when ALTER TABLE reads every row to check it, and `rewriting table "…"`
 * when it writes them all anew (tablecmds.c: ATRewriteTable). Which statement it was is the last that the same backend
 * logged.
 *
 * @param log text of the log, written with `SCAN_LOG_SETTINGS`
 */
export function scannedStatements(log: string, database: string, table: string): readonly string[] {
  const current = new Map<string, string>()
  const scanned: string[] = []
  // A message of several lines goes on behind a tab.
  for (const record of log.replaceAll('\n\t', ' ').split('\n')) {
    const [, pid, where, text] = /^\[(\d+)\] (\S+) (.*)$/.exec(record) ?? []
    if (pid === undefined || text === undefined || where !== database) continue
    const statement = /^LOG: {2}(?:statement|execute [^:]*): (.*)$/.exec(text)?.[1]
    if (statement !== undefined) current.set(pid, statement)
    if (new RegExp(`^DEBUG: {2}(verifying|rewriting) table "${table}"`).test(text)) {
      scanned.push(current.get(pid) ?? `unknown statement of session ${pid}`)
    }
  }
  return scanned
}
