import {
  type ErrorKind,
  EXIT,
  isPhasegateError,
  PhasegateError,
  type Row,
  type Session,
  type StepRecord,
  type UnitId,
  unitName,
} from '@phasegate/core'
import type { RunnerContext } from '../runner-context.js'
import type { StepsToApply } from './apply-steps.js'

/** What the database has against the statement itself. */
const OF_THE_STATEMENT: readonly ErrorKind[] = ['statement', 'not supported', 'row', 'permission']
/** Rows that an error shows. */
const SHOWN = 3

/**
 * Runs the statement of a step, or its function.
 *
 * @param stands called when a function has done something that outlives its failure where it has no transaction
 * @throws `STEP.ROWS_FOUND` where a query that must find nothing found rows, `STEP.FUNCTION_GONE`; what the database has
 *   against the statement itself, coded; anything else as it comes, for a retry to judge
 */
export async function executeStep(
  context: RunnerContext,
  session: Session,
  plan: StepsToApply,
  step: StepRecord,
  stands: () => void = () => {},
): Promise<void> {
  const { setting, fromCatalog, mustBeEmpty } = step.execution
  if (step.opaque) return runFunction(session, plan, step, stands)
  try {
    const statement =
      fromCatalog === true ? await context.target.completeStatement(session, step.statement) : step.statement
    if (setting !== undefined) await session.query(setting.on)
    try {
      const rows = await session.query(statement)
      if (mustBeEmpty === true && rows.length > 0) throw rowsFound(plan.unit, step, rows)
    } finally {
      // A session that is gone took its setting along.
      if (setting !== undefined) await session.query(setting.off).catch(() => {})
    }
  } catch (error) {
    throw refused(context, plan, step, error)
  }
}

/**
 * What stands in the way of a step that has not begun. Where it cannot be read, or not in time, nobody is held up: the server
 * then says it itself.
 *
 * @throws `STEP.PRECONDITION`
 */
export async function assertPrecondition(
  context: RunnerContext,
  session: Session,
  unit: UnitId,
  step: Pick<StepRecord, 'position' | 'statement' | 'execution'>,
): Promise<void> {
  const reason = await unmetPrecondition(context, session, step)
  if (reason === undefined) return
  throw new PhasegateError({
    code: 'STEP.PRECONDITION',
    message: `Step ${step.position + 1} of ${unitName(unit)} cannot run now: ${reason}`,
    why: step.statement,
    next: ['Do what it says, then run the same command again: finished steps stay done.'],
    exit: EXIT.failed,
    meta: { unit: unitName(unit), step: step.position },
  })
}

/** Why a step could not run now, as its precondition says; undefined where nothing is known against it. */
export async function unmetPrecondition(
  { target }: Pick<RunnerContext, 'target'>,
  session: Session,
  { execution }: Pick<StepRecord, 'execution'>,
): Promise<string | undefined> {
  if (execution.precondition === undefined) return undefined
  let rows: readonly Row[]
  try {
    rows = await session.query(execution.precondition)
  } catch (error) {
    // Not readable for this role, or not in the time that the query gives itself.
    if (target.classify(error) === 'permission' || target.classify(error) === 'statement timeout') return undefined
    throw error
  }
  const reason = Object.values(rows[0] ?? {})[0]
  return typeof reason === 'string' && reason !== '' ? reason : undefined
}

async function runFunction(session: Session, plan: StepsToApply, step: StepRecord, stands: () => void): Promise<void> {
  const run = plan.compiled[step.position]?.run
  if (run === undefined) throw functionGone(plan.unit, step)
  const work = (): Promise<void> =>
    run({
      query: async (text, values) => {
        // A statement that fails has done nothing, but for a procedure, which may commit on its way.
        if (/^\s*call\b/i.test(text)) stands()
        const rows = await session.query(text, values)
        if (!/^\s*(select|show)\b/i.test(text)) stands()
        return rows
      },
    })
  if (step.execution.mode === 'transaction') return work()
  // One that the function began and left open would swallow our journal, and end with the session.
  try {
    await work()
  } catch (error) {
    await session.query('ROLLBACK').catch(() => {})
    throw error
  }
  await session.query('COMMIT')
}

function rowsFound(unit: UnitId, step: StepRecord, rows: readonly Row[]): PhasegateError {
  const shown = rows.slice(0, SHOWN).map((row) => JSON.stringify(row))
  return new PhasegateError({
    code: 'STEP.ROWS_FOUND',
    message: `Step ${step.position + 1} of ${unitName(unit)} found rows that break what the step before it promised: ${shown.join(', ')}.`,
    why: step.statement,
    next: ['Correct or delete these rows, then run the same command again: finished steps stay done.'],
    exit: EXIT.failed,
    meta: { unit: unitName(unit), step: step.position, rows: rows.slice(0, SHOWN) },
  })
}

function functionGone(unit: UnitId, step: StepRecord): PhasegateError {
  return new PhasegateError({
    code: 'STEP.FUNCTION_GONE',
    message: `Step ${step.position + 1} of ${unitName(unit)} is a function (${step.statement}) that the file no longer has at that place.`,
    next: ['Put it back, or edit the steps that are not done yet.'],
    exit: EXIT.drift,
  })
}

/** What the database has against a statement itself, with the statement and its place; the rest is for a retry to judge. */
function refused(context: RunnerContext, plan: StepsToApply, step: StepRecord, error: unknown): unknown {
  if (isPhasegateError(error)) return error
  const kind = context.target.classify(error)
  if (!OF_THE_STATEMENT.includes(kind)) return error
  const said = context.target.translate(error, `running step ${step.position + 1} of ${unitName(plan.unit)}`)
  const where = plan.compiled[step.position]?.where
  return new PhasegateError({
    code: said.code,
    message: said.message,
    why: `${said.why ?? ''}\n${step.statement}`.trim(),
    next: said.next,
    ...(where === undefined ? {} : { where }),
    meta: { ...said.meta, step: step.position },
    cause: error,
    exit: said.exit,
  })
}
