import { type EngineTable, EXIT, type LockHolder, PhasegateError, type Session } from '@phasegate/core'
import { nameOf, readTokens, type Token, wordOf } from '../parse/tokens.js'
import { errorNumber } from '../session/classify-error.js'
import { describeSessions } from '../session/list-sessions.js'
import { type Process, readProcesses } from '../session/processes.js'

/**
 * Sessions of others whose statement names one of these tables right now: a copy is named by its tool alone. Left out is a writer
 * inside a trigger that feeds it, whose statement the server shows as that of the trigger (measured on MySQL 9.7.4 and MariaDB
 * 10.11.19). Without PROCESS a server shows the sessions of one's own account, which the tool uses too.
 */
export async function sessionsNaming(
  session: Session,
  schema: string,
  tables: readonly string[],
): Promise<readonly LockHolder[]> {
  const rows = await processesNaming(session, schema, tables)
  return describeSessions(
    session,
    rows.map(({ id }) => id),
  )
}

/** Under LOCK TABLES nothing else can be read: what clients call themselves is in tables that would have to be locked too. */
async function processesNaming(
  session: Session,
  schema: string,
  tables: readonly string[],
): Promise<readonly Process[]> {
  if (tables.length === 0) return []
  const processes = await readProcesses(session)
  return processes.filter((process) => process.id !== session.backend.id && namesOneOf(process, schema, tables))
}

function namesOneOf({ db, info }: Process, schema: string, tables: readonly string[]): boolean {
  if (info === null || !tables.some((table) => info.toLowerCase().includes(table.toLowerCase()))) return false
  let tokens: readonly Token[]
  try {
    tokens = readTokens(info, '')
  } catch {
    // A statement that cannot be read, and has the name in it.
    return true
  }
  const names = tokens.map(nameOf)
  if (isInsideTrigger(tokens)) return false
  return names.some((name, at) => {
    if (name === undefined || !tables.some((table) => same(table, name))) return false
    return same(schema, (tokens[at - 1]?.text === '.' ? names[at - 2] : db) ?? '')
  })
}

/** NEW and OLD are of triggers alone, and only who makes one says them outside. */
function isInsideTrigger(tokens: readonly Token[]): boolean {
  if (wordOf(tokens[0]) === 'CREATE') return false
  return tokens.some((token, at) => /^(NEW|OLD)$/i.test(nameOf(token) ?? '') && tokens[at + 1]?.text === '.')
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** How often is looked whether they are gone, 50 ms apart: whoever calls may keep writers waiting. */
const LOOKS = 20

const NO_SUCH_THREAD = 1094

/** Ends the sessions of `sessionsNaming`, and returns when they are gone. @throws `ENGINE.STILL_RUNS` */
export async function endSessionsNaming(
  session: Session,
  { schema, name }: Pick<EngineTable, 'schema' | 'name'>,
  tables: readonly string[],
): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const processes = await processesNaming(session, schema, tables)
    if (processes.length === 0) return
    for (const { id } of processes) await end(session, id)
    await session.query('DO SLEEP(0.05)')
  }
  throw stillRuns(`${schema}.${name}`, await processesNaming(session, schema, tables))
}

async function end(session: Session, id: string): Promise<void> {
  try {
    await session.query(`KILL ${BigInt(id)}`)
  } catch (error) {
    if (errorNumber(error) !== NO_SUCH_THREAD) throw error
  }
}

function stillRuns(table: string, processes: readonly Process[]): PhasegateError {
  const named = processes.map(({ id, user, host, state }) => `${id} (${user}@${host}, ${state})`)
  return new PhasegateError({
    code: 'ENGINE.STILL_RUNS',
    message: `A tool still works on ${table}: ${named.join(', ')}.`,
    why: 'Its session was told to end and has not ended yet, so that what it left cannot be removed without harm to writers.',
    next: ['Run the same command again in a while.', 'If the tool runs on another machine, end it there first.'],
    exit: EXIT.failed,
  })
}
