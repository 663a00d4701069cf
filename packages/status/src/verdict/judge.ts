import {
  type BuildManifest,
  type ErrorEnvelope,
  findUnit,
  type JournalSnapshot,
  parseUnitName,
  type UnitName,
  type UnitRecord,
  unitName,
} from '@phasegate/core'
import { once } from '../document/once.js'
import { requirementsOf } from '../manifest/requirements-of.js'

export type Verdict = 'compatible' | 'ahead' | 'behind' | 'incompatible' | 'unknown'

export interface Judgement {
  readonly verdict: Verdict
  /** For a person. */
  readonly reason: string
  readonly requires: readonly UnitName[]
  /** Required and not applied. */
  readonly missing: readonly UnitName[]
  /** Contracts that took away, or are about to, what the build uses. */
  readonly incompatibleWith: readonly UnitName[]
}

/**
 * May this build run on this database? Pure.
 *
 * @param manifest what the build carries; undefined: nothing is required.
 * @param snapshot the journal as it was last read; undefined: it never could be.
 * @param error why it could not be read.
 */
export function judge(
  manifest: BuildManifest | undefined,
  snapshot: JournalSnapshot | undefined,
  error?: ErrorEnvelope | null,
): Judgement {
  if (snapshot === undefined) {
    const requires = requirementsOf(manifest)
    return { verdict: 'unknown', reason: whyUnknown(error), requires, missing: [], incompatibleWith: [] }
  }
  return judgeJournal(snapshot, manifest)
}

const judgeJournal = once((snapshot: JournalSnapshot, manifest: BuildManifest | undefined): Judgement => {
  const requires = requirementsOf(manifest)
  const missing = requires.filter((name) => !isApplied(snapshot, name))
  const incompatibleWith = contractsAgainst(manifest, snapshot)
  const found = { requires, missing, incompatibleWith }
  if (incompatibleWith.length > 0)
    return { ...found, verdict: 'incompatible', reason: `this build uses what ${list(incompatibleWith)} takes away` }
  if (missing.length > 0 && !snapshot.exists)
    return { ...found, verdict: 'behind', reason: 'not initialised: the database has no journal' }
  if (missing.length > 0)
    return { ...found, verdict: 'behind', reason: `required and not applied: ${describeMissing(snapshot, missing)}` }
  if (manifest === undefined)
    return { ...found, verdict: 'compatible', reason: 'no build manifest: nothing is required' }
  const unknown = unheardOf(manifest, snapshot)
  if (unknown.length > 0)
    return { ...found, verdict: 'ahead', reason: `the database also knows ${list(unknown.map(unitName))}` }
  return { ...found, verdict: 'compatible', reason: 'all that this build requires is applied' }
})

function isApplied(snapshot: JournalSnapshot, name: UnitName): boolean {
  const unit = parseUnitName(name)
  return unit !== undefined && findUnit(snapshot, unit.migration, unit.phase)?.state === 'applied'
}

/**
 * Has the contract taken the old shape away, or announced that it will? `contracting` counts: from then on no build that
 * uses the old shape may start. An interrupted one stays announced until a runner goes on with it or withdraws it.
 */
function takesAway(unit: UnitRecord): boolean {
  return (
    unit.phase === 'contract' &&
    (unit.pointOfNoReturn ||
      // A failed one that has done a step has tightened what the old shape may write, or taken its sync away.
      (unit.state === 'failed' && unit.detail.begun === true) ||
      ['contracting', 'running', 'verifying', 'interrupted', 'applied'].includes(unit.state))
  )
}

function contractsAgainst(manifest: BuildManifest | undefined, snapshot: JournalSnapshot): readonly UnitName[] {
  if (manifest === undefined) return []
  const known = new Map(manifest.migrations.map((migration) => [migration.name, migration]))
  const oldest = oldestName(manifest)
  return snapshot.units
    .filter((unit) => {
      if (!takesAway(unit)) return false
      const migration = known.get(unit.migration)
      if (migration !== undefined) return migration.appUses === 'old' || migration.appUses === 'both'
      if (!concerns(unit, manifest)) return false
      // Written after this build, as far as can be told: its old shape is this build's only shape. One that sorts before
      // all that the build knows is a file that was deleted long ago; a build that knows none is older than all of them.
      return oldest === undefined || unit.migration > oldest
    })
    .map(unitName)
}

/** A migration may say which applications it concerns; the journal keeps it, so that another project's is told apart. */
function concerns(unit: UnitRecord, manifest: BuildManifest): boolean {
  const { applications } = unit.detail
  return !Array.isArray(applications) || applications.includes(manifest.application)
}

/** Units that the build has not heard of: of newer files, of other projects, and of files deleted since. */
function unheardOf(manifest: BuildManifest, snapshot: JournalSnapshot): readonly UnitRecord[] {
  const known = new Set(manifest.migrations.flatMap(({ name, phases }) => phases.map((phase) => `${name}:${phase}`)))
  return snapshot.units.filter((unit) => !['pending', 'reverted'].includes(unit.state) && !known.has(unitName(unit)))
}

function oldestName(manifest: BuildManifest): string | undefined {
  return manifest.migrations.map((migration) => migration.name).sort()[0]
}

function describeMissing(snapshot: JournalSnapshot, missing: readonly UnitName[]): string {
  return list(
    missing.map((name) => {
      const unit = parseUnitName(name)
      const state = unit && findUnit(snapshot, unit.migration, unit.phase)?.state
      return `${name} (${state ?? 'pending'})`
    }),
  )
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

function whyUnknown(error: ErrorEnvelope | null | undefined): string {
  if (error == null) return 'the journal was not read yet'
  const grants = error.meta?.grants
  return Array.isArray(grants)
    ? `${error.message} Run: ${grants.join(' ')}`
    : [error.message, error.why].filter(Boolean).join(' ')
}
