import { type CompiledMigration, type CompiledUnit, unitsOf } from '../compiled/compiled-migration.js'
import { type DatabaseObject, describeObject } from '../compiled/database-object.js'
import { EXIT, PhasegateError } from '../error/phasegate-error.js'
import { findUnit, type JournalSnapshot, type UnitRecord } from '../journal/journal-snapshot.js'
import { hasQuarantine } from '../journal/quarantine.js'
import type { Phase } from '../phase.js'
import { sameUnit, type UnitId, type UnitName, unitName } from '../unit.js'
import { isDrift } from './fingerprint.js'
import { UnitOrder } from './unit-order.js'

/** One phase, or `up`: all phases, migration by migration. */
export type Lane = Phase | 'up'

export interface PlanInput {
  /** In any order; names are unique. */
  readonly migrations: readonly CompiledMigration[]
  readonly snapshot: JournalSnapshot
  readonly lane: Lane
  /** The units that the user named; default: every unit of the lane. */
  readonly only?: readonly UnitId[]
  /** Units that this run will not apply after all, because a gate holds them or they failed. */
  readonly held?: readonly UnitId[]
}

export type UnitPlan =
  | { readonly state: 'applied' }
  /**
   * To be run. `resume`: it was begun before, so that its frozen steps decide; `edited`: and its file changed since.
   */
  | { readonly state: 'ready'; readonly resume: boolean; readonly edited: boolean }
  /** `of` was applied and its file changed since: the unit itself, or an earlier phase of its migration. */
  | { readonly state: 'drift'; readonly of: UnitId }
  /** `by` has to be applied first; `object` is what both of them change. */
  | { readonly state: 'blocked'; readonly by: UnitId; readonly object?: DatabaseObject; readonly reason: string }
  /** `of` was undone and stays so until it is named or its file changes. */
  | { readonly state: 'reverted'; readonly of: UnitId }
  /** The revert of `of` is not finished: `revert` again comes first. */
  | { readonly state: 'reverting'; readonly of: UnitId }

export type PlannedUnit = UnitPlan & {
  readonly migration: CompiledMigration
  readonly unit: CompiledUnit
  readonly record: UnitRecord | undefined
}

/**
 * Decides, for each unit of a lane and in migration order, what a run does with it. Pure: files and journal in, plan
 * out; gates are asked by the runner, which plans again with what they `held`.
 *
 * @throws `UNIT.UNKNOWN` where `only` names a unit that the lane does not have
 * @example
 * planUnits({ migrations, snapshot, lane: 'expand' }).filter((unit) => unit.state === 'ready')
 */
export function planUnits(input: PlanInput): readonly PlannedUnit[] {
  const records = new Map(input.snapshot.units.map((record) => [unitName(record), record]))
  const named = input.only === undefined ? undefined : new Set(input.only.map(unitName))
  const held = new Set((input.held ?? []).map(unitName))
  const order = new UnitOrder()
  const planned: PlannedUnit[] = []

  for (const migration of sortedByName(input.migrations)) {
    const earlier: PlannedUnit[] = []
    const absent: PlannedUnit[] = []
    for (const unit of unitsOf(migration)) {
      const name = unitName(unit.id)
      const record = records.get(name)
      const context = {
        lane: input.lane,
        migration,
        unit,
        record,
        earlier,
        order,
        held,
        named: named?.has(name) === true,
      }
      const entry: PlannedUnit = { ...planUnit(context), migration, unit, record }
      const inRun = (input.lane === 'up' || unit.id.phase === input.lane) && (named === undefined || named.has(name))
      earlier.push(entry)
      if (inRun) planned.push(entry)
      if (isThere(entry) || (inRun && entry.state === 'ready' && !held.has(name))) continue
      absent.push(entry)
    }
    // Only now, since a unit never waits for another phase of its own migration: that is what gates are for.
    for (const entry of absent) {
      if (entry.state === 'reverted') order.addReverted(entry.unit)
      else order.addWaiting(entry.unit)
    }
  }
  assertPlanned(input, planned)
  return planned
}

interface UnitContext {
  readonly lane: Lane
  readonly migration: CompiledMigration
  readonly unit: CompiledUnit
  readonly record: UnitRecord | undefined
  /** The earlier phases of the same migration, as they were planned. */
  readonly earlier: readonly PlannedUnit[]
  readonly order: UnitOrder
  readonly held: ReadonlySet<UnitName>
  readonly named: boolean
}

function planUnit(context: UnitContext): UnitPlan {
  const { unit, record, earlier, named } = context
  const edited = record !== undefined && isDrift(record.fingerprint, unit.fingerprint)
  if (record?.state === 'applied' && (edited || !isTriedAgain(context)))
    return edited ? { state: 'drift', of: unit.id } : { state: 'applied' }
  if (record?.state === 'reverting') return { state: 'reverting', of: unit.id }
  if (record?.state === 'reverted' && !named && !edited && !isExpandedAgain(context)) {
    return { state: 'reverted', of: unit.id }
  }
  const holding = earlier.find((phase) => phase.state === 'drift' || phase.state === 'reverting')
  if (holding?.state === 'drift' || holding?.state === 'reverting') return { state: holding.state, of: holding.of }
  const undone = named ? undefined : earlier.find((phase) => phase.state === 'reverted')
  if (undone?.state === 'reverted') return { state: 'reverted', of: undone.of }

  const resume = isBegun(record)
  // What was begun goes on: its place was settled when it started, and half a unit is worse than an order.
  if (!resume || edited) {
    const dependency = context.order.dependency(context.migration, unit)
    if (dependency !== undefined) return blockedBy(unit.id, dependency.on, dependency.object)
  }
  return blockedByOwnPhase(context) ?? { state: 'ready', resume, edited: resume && edited }
}

/** A backfill that ended with rows in quarantine tries them again when it is named. */
function isTriedAgain({ lane, record, named }: UnitContext): boolean {
  return lane === 'backfill' && named && record?.phase === 'backfill' && hasQuarantine(record)
}

/** A contract that was withdrawn is pending again, with steps that stand. */
function isBegun(record: UnitRecord | undefined): boolean {
  if (record === undefined || record.state === 'reverted') return false
  return record.state !== 'pending' || record.attempts > 0
}

/** `up` asks no gates, so that the plan itself keeps the phases of one migration in order. */
function blockedByOwnPhase({ lane, unit, earlier, held }: UnitContext): UnitPlan | undefined {
  if (lane !== 'up') return undefined
  const missing = earlier.find((phase) => phase.state === 'blocked' || held.has(unitName(phase.unit.id)))
  return missing === undefined ? undefined : blockedBy(unit.id, missing.unit.id, undefined)
}

/** Revert undoes the backfill together with its expand; once that is there again, so is the work of the backfill. */
function isExpandedAgain({ unit, earlier }: UnitContext): boolean {
  const expand = earlier.find((phase) => phase.unit.id.phase === 'expand')
  return unit.id.phase !== 'expand' && expand !== undefined && (expand.state === 'applied' || expand.state === 'ready')
}

function blockedBy(unit: UnitId, by: UnitId, object: DatabaseObject | undefined): UnitPlan {
  const shared = object === undefined ? 'it is an earlier phase' : `both concern ${describeObject(object)}`
  return {
    state: 'blocked',
    by,
    ...(object === undefined ? {} : { object }),
    reason: `${unitName(unit)} waits for ${unitName(by)}, which is not applied: ${shared}`,
  }
}

/** Drift is a question about the file; in the database the unit is applied. */
function isThere(entry: PlannedUnit): boolean {
  return entry.state === 'applied' || (entry.state === 'drift' && sameUnit(entry.of, entry.unit.id))
}

/** Migration order: by name, by code unit, the same on every machine. */
export function sortedByName(migrations: readonly CompiledMigration[]): readonly CompiledMigration[] {
  return [...migrations].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Units that the journal knows and these files do not: of a newer build, another project or a deleted file. */
export function foreignUnits(
  migrations: readonly CompiledMigration[],
  snapshot: JournalSnapshot,
): readonly UnitRecord[] {
  const known = new Set(migrations.flatMap(unitsOf).map((unit) => unitName(unit.id)))
  return snapshot.units.filter((record) => !known.has(unitName(record)))
}

export interface LateFile {
  readonly migration: CompiledMigration
  /** The first later migration whose unit of the same phase is applied already. */
  readonly after: string
}

/** Files that arrived late (a merged branch): not begun, though a later one is applied. They still run; this is a note. */
export function lateFiles(migrations: readonly CompiledMigration[], snapshot: JournalSnapshot): readonly LateFile[] {
  return sortedByName(migrations).flatMap((migration) => {
    const first = unitsOf(migration)[0]
    if (first === undefined) return []
    const record = findUnit(snapshot, first.id.migration, first.id.phase)
    if (record !== undefined && record.state !== 'pending') return []
    const later = snapshot.units
      .filter((unit) => unit.phase === first.id.phase && unit.state === 'applied' && unit.migration > migration.name)
      .map((unit) => unit.migration)
      .sort()
    return later[0] === undefined ? [] : [{ migration, after: later[0] }]
  })
}

function assertPlanned(input: PlanInput, planned: readonly PlannedUnit[]): void {
  const missing = input.only?.find((named) => !planned.some((entry) => sameUnit(entry.unit.id, named)))
  if (missing === undefined) return
  throw new PhasegateError({
    code: 'UNIT.UNKNOWN',
    message: `No migration file has the unit ${unitName(missing)}${input.lane === 'up' ? '' : ` in the ${input.lane} lane`}.`,
    why: 'Units are named migration:phase, and a run takes those of its own lane.',
    next: ['phasegate status'],
    exit: EXIT.usage,
  })
}
