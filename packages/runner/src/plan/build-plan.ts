import {
  type CompiledBackfill,
  type CompiledStep,
  describeProof,
  foreignUnits,
  type GateCheck,
  type GateState,
  type JournalSnapshot,
  type Phase,
  type PlannedPace,
  type PlannedUnit,
  planUnits,
  type Session,
  type StepRecord,
  type TableSize,
  type UnitId,
  type UnitName,
  unitName,
} from '@phasegate/core'
import { askUnitGates } from '../gate/ask-unit-gates.js'
import type { RunnerContext } from '../runner-context.js'
import { databaseNotes } from './database-notes.js'
import { type PlanEngine, planEngine } from './plan-engine.js'
import { walkInWords } from './walk-in-words.js'

/** What would run, how, under which locks, and what holds it. Printed by `plan`, saved by `--out`. */
export interface Plan {
  readonly schemaVersion: 1
  readonly target: {
    readonly dialect: string
    readonly database: string
    readonly serverVersion: string
    /** The journal's id of this database; null where there is no journal yet. */
    readonly id: string | null
  }
  readonly phases: readonly Phase[]
  readonly createdAt: string
  readonly units: readonly PlanUnit[]
  readonly foreign: readonly UnitName[]
  /** Late files, missing tables: worth knowing, not an error. */
  readonly notes: readonly string[]
}

export interface PlanUnit {
  readonly unit: UnitName
  readonly state: Exclude<PlannedUnit['state'], 'applied'> | 'held'
  readonly reason: string | null
  readonly resumes: boolean
  readonly fingerprint: string
  readonly gates: { readonly state: GateState; readonly checks: readonly GateCheck[] }
  readonly steps: readonly PlanStep[]
  readonly backfill: PlanBackfill | null
  /** By what a backfill walks its table, in words; null where that is not known yet, or it is no backfill. */
  readonly walk: string | null
  /** How fast and when a backfill would work; null: it is none. */
  readonly pace: PlannedPace | null
  /** What cannot be undone once it ran. */
  readonly destroys: readonly string[]
  readonly tables: readonly TableSize[]
}

export interface PlanStep {
  readonly position: number
  readonly written: string
  readonly origin: CompiledStep['origin'] | 'frozen'
  readonly statement: string
  readonly done: boolean
  readonly lock: CompiledStep['facts']['lock']
  /** In words: how long others may have to wait. */
  readonly waits: string
  readonly destroys: readonly string[]
  readonly allows: CompiledStep['allows']
  /** Who executes it and why, where an engine may; null: the server, as every other statement. */
  readonly engine: PlanEngine | null
}

export interface PlanBackfill {
  readonly table: string
  readonly written: string
  readonly set: CompiledBackfill['set']
  readonly where: string | null
  readonly once: boolean
  readonly verification: string
}

/** Reads files, journal, catalog and gates; changes nothing, creates nothing. */
export async function buildPlan(
  context: RunnerContext,
  phases: readonly Phase[],
  only?: readonly UnitId[],
): Promise<Plan> {
  const { target } = context
  const session = await target.openSession('plan')
  try {
    const snapshot = await target.journal.read(session)
    const planned = phases.flatMap((lane) => {
      const named = only?.filter((unit) => unit.phase === lane)
      if (only !== undefined && named?.length === 0) return []
      const input = { migrations: context.migrations, snapshot, lane }
      return planUnits(named === undefined ? input : { ...input, only: named })
    })
    const units: PlanUnit[] = []
    for (const entry of planned) {
      if (entry.state === 'applied') continue
      units.push(await planUnit(context, session, snapshot, entry, entry.state))
    }
    return {
      schemaVersion: 1,
      target: {
        dialect: target.dialect,
        database: target.database,
        serverVersion: target.serverVersion,
        id: snapshot.target,
      },
      phases,
      createdAt: snapshot.now,
      units,
      foreign: foreignUnits(context.migrations, snapshot).map((unit) => unitName(unit)),
      notes: await databaseNotes(target, session, context.migrations),
    }
  } finally {
    await session.close()
  }
}

async function planUnit(
  context: RunnerContext,
  session: Session,
  snapshot: JournalSnapshot,
  entry: PlannedUnit,
  state: Exclude<PlannedUnit['state'], 'applied'>,
): Promise<PlanUnit> {
  const { unit, migration } = entry
  const answer = await askUnitGates(context, session, snapshot, migration, unit)
  const frozen =
    snapshot.exists && entry.record !== undefined ? await context.target.journal.steps(session, unit.id, 'apply') : []
  const kept = state === 'ready' && entry.state === 'ready' && !entry.edited ? frozen : []
  const steps: PlanStep[] = []
  // One after the other, since they share the session.
  for (const step of kept) {
    const task = step.state === 'done' ? undefined : step.execution.engine
    const engine = await planEngine(context, session, task, step.run)
    steps.push(frozenStep(context, step, unit.steps[step.position], engine))
  }
  for (const [position, step] of (kept.length > 0 ? [] : unit.steps).entries()) {
    const engine = await planEngine(context, session, step.execution.engine, null)
    steps.push(planStep(context, step, position, engine))
  }
  const tables = [
    ...new Set(unit.backfill === undefined ? steps.flatMap((step) => step.lock.tables) : [tableOf(unit.backfill)]),
  ]
  return {
    unit: unitName(unit.id),
    state: state === 'ready' && answer.state !== 'open' ? 'held' : state,
    reason: reasonOf(entry),
    resumes: entry.state === 'ready' && entry.resume,
    fingerprint: unit.fingerprint,
    gates: { state: answer.state, checks: answer.checks },
    steps,
    backfill: unit.backfill === undefined ? null : planBackfill(unit.backfill),
    walk: unit.backfill === undefined ? null : await walkInWords(context.target, session, unit.backfill),
    pace: unit.backfill === undefined ? null : context.plannedPace(unit, unit.backfill),
    destroys: [...steps.flatMap((step) => step.destroys), ...removed(unit.backfill)],
    tables: await context.target.tableSizes(session, tables),
  }
}

/** Why a unit is not ready, and what to do about it. */
function reasonOf(entry: PlannedUnit): string | null {
  if ('reason' in entry) return entry.reason
  if (!('of' in entry)) return null
  const of = unitName(entry.of)
  const migration = entry.of.migration
  if (entry.state === 'drift') return `${of} was applied, and its file says something else now: put the file back`
  if (entry.state === 'reverting') return `the revert of ${of} is not finished: phasegate revert ${migration}`
  return `${of} was reverted, and stays so until it is named: phasegate expand ${migration}`
}

function planStep(context: RunnerContext, step: CompiledStep, position: number, engine: PlanStep['engine']): PlanStep {
  return {
    position,
    written: step.written,
    origin: step.origin,
    statement: step.statement,
    done: false,
    lock: step.facts.lock,
    waits: waitsInWords(context, step.facts.lock, step.execution),
    destroys: step.destroys,
    allows: step.allows,
    engine,
  }
}

function frozenStep(
  context: RunnerContext,
  step: StepRecord,
  compiled: CompiledStep | undefined,
  engine: PlanStep['engine'],
): PlanStep {
  return {
    position: step.position,
    written: step.written,
    origin: 'frozen',
    statement: step.statement,
    done: step.state === 'done',
    lock: step.lock,
    waits: waitsInWords(context, step.lock, step.execution),
    destroys: step.destroys,
    allows: compiled?.allows ?? [],
    engine,
  }
}

function waitsInWords(
  { settings }: RunnerContext,
  lock: CompiledStep['facts']['lock'],
  execution: CompiledStep['execution'],
): string {
  const { mode, probe, otherwise } = execution
  const undecided = [
    otherwise === undefined
      ? ''
      : `; where the server cannot do it so: ${otherwise.replace(/^.*?, (?=ALGORITHM)/s, '')}`,
    mode === 'alone' && probe === undefined ? '; if interrupted, a person must decide' : '',
  ].join('')
  if (lock.blocks === 'nothing') {
    const ends = `${lock.atEnds} wait at most ${settings.lockTimeout} ms an attempt, when it begins and when it ends`
    return `${lock.atEnds === undefined ? 'nobody waits' : ends}${undecided}`
  }
  const bound = `${lock.blocks} wait at most ${settings.lockTimeout} ms an attempt`
  const autovacuum =
    lock.mode === 'ACCESS EXCLUSIVE'
      ? ' (longer by deadlock_timeout + 300 ms once, where only autovacuum is in the way)'
      : ''
  return `${bound}${autovacuum}${lock.duration === 'instant' ? '' : `; it holds the lock for a ${lock.duration}`}${undecided}`
}

/** A backfill that removes rows says so among what is gone afterwards. */
function removed(backfill: CompiledBackfill | undefined): readonly string[] {
  if (backfill?.form?.kind !== 'delete') return []
  return [`rows of ${tableOf(backfill)} where ${(backfill.where ?? '').replace(/\s+/g, ' ')}`]
}

function planBackfill(backfill: CompiledBackfill): PlanBackfill {
  return {
    table: tableOf(backfill),
    written: backfill.written,
    set: backfill.set,
    where: backfill.where ?? null,
    once: backfill.once,
    verification: describeProof(backfill),
  }
}

function tableOf(backfill: CompiledBackfill): string {
  const { schema, name } = backfill.table
  return schema === undefined ? name : `${schema}.${name}`
}
