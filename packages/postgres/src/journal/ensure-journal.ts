import { EXIT, PhasegateError, type Session } from '@phasegate/core'
import { grantsFor } from '../sql/index.js'
import { JOURNAL_MIGRATIONS, JOURNAL_VERSION } from './journal-schema.js'

const TIMEOUTS = { lockTimeout: 5_000, statementTimeout: 60_000 }

/** Creates the journal or adds what newer versions need. The caller holds the journal lock. */
export async function ensureJournal(session: Session, appRoles: readonly string[]): Promise<void> {
  const version = await journalVersion(session)
  if (version > JOURNAL_VERSION) throw newerJournal(version)
  for (const [index, script] of JOURNAL_MIGRATIONS.entries()) {
    if (index < version) continue
    await session.transaction(TIMEOUTS, async () => {
      await session.query(script)
      await session.query(`UPDATE phasegate.journal SET version = ${index + 1}`)
    })
  }
  for (const role of appRoles) await grantTo(session, role)
}

export async function journalVersion(session: Session): Promise<number> {
  const [found] = await session.query<{ there: boolean }>(
    `SELECT to_regclass('phasegate.journal') IS NOT NULL AS there`,
  )
  if (found?.there !== true) return 0
  const [row] = await session.query<{ version: number }>('SELECT version FROM phasegate.journal')
  return row?.version ?? 0
}

/** What an application's role needs: to read the journal, and to say that it lives. */
function grantsToApplication(role: string, quoted: string): readonly string[] {
  return [
    ...grantsFor(role),
    `GRANT INSERT, UPDATE ON phasegate.build, phasegate.instance TO ${quoted};`,
    `GRANT DELETE ON phasegate.instance TO ${quoted};`,
  ]
}

async function grantTo(session: Session, role: string): Promise<void> {
  const [row] = await session.query<{ quoted: string; granted: boolean | null }>(
    `SELECT quote_ident($1) AS quoted,
            (SELECT has_schema_privilege(r.oid, 'phasegate', 'USAGE')
                AND has_table_privilege(r.oid, 'phasegate.instance', 'DELETE')
                AND (SELECT bool_and(has_table_privilege(r.oid, t.oid, 'SELECT')) FROM pg_class t
                     WHERE t.relnamespace = 'phasegate'::regnamespace AND t.relkind = 'r')
                -- A list of privileges is true where one of them is there, so each is asked for by itself.
                AND (SELECT bool_and(has_table_privilege(r.oid, t.name, p.name))
                     FROM (VALUES ('phasegate.build'), ('phasegate.instance')) AS t (name),
                          (VALUES ('INSERT'), ('UPDATE')) AS p (name))
             FROM pg_roles r WHERE r.rolname = $1) AS granted`,
    [role],
  )
  if (row === undefined || row.granted === null) throw noSuchRole(role)
  if (row.granted) return
  await session.transaction(TIMEOUTS, async () => {
    for (const grant of grantsToApplication(role, row.quoted)) await session.query(grant)
  })
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

function noSuchRole(role: string): PhasegateError {
  return new PhasegateError({
    code: 'CONFIG.APP_ROLE',
    message: `appRoles names ${role}, and there is no such role in this database.`,
    next: [`CREATE ROLE "${role}" LOGIN …; or correct appRoles in the configuration.`],
    exit: EXIT.usage,
  })
}
