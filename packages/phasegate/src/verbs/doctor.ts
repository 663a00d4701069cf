import {
  EXIT,
  type ExitCode,
  isPhasegateError,
  type Session,
  type Surrounding,
  type Target,
  tableLock,
  unitName,
} from '@phasegate/core'
import { describeHolder } from '@phasegate/runner'
import { type TargetOptions, withTarget } from '../target/open-runner.js'
import { standingRepacks } from './repack-runs.js'

/** One line of the report. */
export type DoctorFinding = Surrounding

export interface DoctorResult {
  readonly findings: readonly DoctorFinding[]
  readonly exit: ExitCode
}

/** Looks at the surroundings and changes nothing: server, role, pooler, journal, what is in the way. */
export function runDoctor(options: TargetOptions = {}): Promise<DoctorResult> {
  return withTarget(options, async (target, settings) => {
    const session = await target.openSession('doctor')
    try {
      const findings = [
        {
          check: 'server',
          state: 'ok' as const,
          message: `${target.dialect} ${target.serverVersion}, database ${target.database}`,
        },
        await usable(target, session),
        await journalState(target, session),
        ...(await target.inspectSurroundings(session, settings.appRoles)),
        ...(await lanes(target, session)),
        ...(await engineRuns(target, session)),
      ]
      const problem = findings.some((finding) => finding.state === 'problem')
      return { findings, exit: problem ? EXIT.findings : EXIT.done }
    } finally {
      await session.close()
    }
  })
}

async function usable(target: Target, session: Session): Promise<DoctorFinding> {
  try {
    await target.assertUsable(session)
    return { check: 'usable', state: 'ok', message: 'writable, no transaction pooler in between, privileges suffice' }
  } catch (error) {
    return problemOf('usable', error)
  }
}

async function journalState(target: Target, session: Session): Promise<DoctorFinding> {
  try {
    const snapshot = await target.journal.read(session)
    if (!snapshot.exists) return { check: 'journal', state: 'ok', message: 'none yet; the first expand creates it' }
    const stuck = snapshot.units.filter((unit) => unit.state === 'failed' || unit.state === 'interrupted')
    const names = stuck.map((unit) => `${unit.migration}:${unit.phase} (${unit.state})`).join(', ')
    return stuck.length === 0
      ? { check: 'journal', state: 'ok', message: `version ${snapshot.version}, ${snapshot.units.length} units` }
      : { check: 'journal', state: 'warning', message: `to be resumed: ${names}`, next: 'Run the same command again.' }
  } catch (error) {
    return problemOf('journal', error)
  }
}

async function lanes(target: Target, session: Session): Promise<readonly DoctorFinding[]> {
  const findings: DoctorFinding[] = []
  for (const lock of ['expand', 'backfill', 'contract'] as const) {
    const holder = await target.lockHolder(session, lock)
    if (holder !== undefined)
      findings.push({ check: 'runner', state: 'ok', message: `the ${lock} lane is held by ${describeHolder(holder)}` })
  }
  return findings
}

/** What engines have begun, by the journal and by what is there of it. */
async function engineRuns(target: Target, session: Session): Promise<readonly DoctorFinding[]> {
  const { exists } = await target.journal.read(session)
  if (!exists) return []
  const units = (await target.journal.standingRuns(session)).map(({ unit, run }) => ({
    run,
    of: `for ${unitName(unit)}`,
    next: `phasegate ${unit.phase} ${unitName(unit)}${unit.phase === 'expand' ? ' --long' : ''} goes on with it, phasegate repair ${unitName(unit)} --again ends it.`,
  }))
  const repacks = (await standingRepacks(target, session)).map(({ table, run }) => ({
    run,
    of: 'outside of any migration',
    next: `phasegate repack ${table} goes on with it, or begins anew.`,
  }))
  const findings: DoctorFinding[] = []
  for (const { run, of, next } of [...units, ...repacks]) {
    const table = { schema: run.schema, name: run.table }
    const holder = await target.lockHolder(session, tableLock(table))
    const { triggers, tables } = await target.engine.existing(session, table, run.leftovers)
    const there = [...triggers.map((name) => `trigger ${name}`), ...tables.map((name) => `table ${name}`)].join(', ')
    const what = `${run.engine} on ${run.schema}.${run.table} ${of}, ${run.state}, on ${run.host}${run.process === null ? '' : `, process ${run.process.pid}`}`
    const found = { check: 'engine', message: `${what}; there of it: ${there || 'nothing'}` }
    findings.push(
      holder === undefined
        ? { ...found, state: 'warning', next: `Nobody supervises it. ${next}` }
        : { ...found, state: 'ok', message: `${found.message}; supervised by ${describeHolder(holder)}` },
    )
  }
  return findings
}

function problemOf(check: string, error: unknown): DoctorFinding {
  if (!isPhasegateError(error)) throw error
  const next = error.next[0]
  return {
    check,
    state: 'problem',
    message: `${error.code}: ${error.message}`,
    ...(next === undefined ? {} : { next }),
  }
}
