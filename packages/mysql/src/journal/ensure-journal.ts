import { EXIT, PhasegateError, type Session } from '@phasegate/core'
import { grantToApplication } from './grant-to-application.js'
import { JOURNAL_MIGRATIONS, JOURNAL_VERSION } from './journal-schema.js'

const TIMEOUTS = { lockTimeout: 5_000, statementTimeout: 60_000 }

/** Creates the journal or adds what newer versions need. The caller holds the journal lock. */
export async function ensureJournal(session: Session, appRoles: readonly string[]): Promise<void> {
  const version = await journalVersion(session)
  if (version > JOURNAL_VERSION) throw newerJournal(version)
  for (const statements of JOURNAL_MIGRATIONS.slice(version)) {
    await session.limited(TIMEOUTS, async () => {
      for (const entry of statements) {
        const { statement, done } = typeof entry === 'string' ? { statement: entry, done: undefined } : entry
        if (done !== undefined && (await session.query(done)).length > 0) continue
        await session.query(statement)
      }
    })
  }
  for (const role of appRoles) await session.limited(TIMEOUTS, () => grantToApplication(session, role))
}

/** 0 also where the tables are there and the row is not: a run died while it created them. */
export async function journalVersion(session: Session): Promise<number> {
  const [table] = await session.query(
    `SELECT 1 AS there FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_name = 'phasegate_journal'`,
  )
  if (table === undefined) return 0
  const [row] = await session.query<{ version: number }>('SELECT version FROM phasegate_journal')
  return row?.version ?? 0
}

export function newerJournal(version: number): PhasegateError {
  return new PhasegateError({
    code: 'JOURNAL.NEWER',
    message: `The journal in this database is of version ${version}; this Phasegate knows ${JOURNAL_VERSION}.`,
    why: 'A newer Phasegate has been here.',
    next: ['Install the newer version of phasegate.'],
    exit: EXIT.usage,
  })
}
