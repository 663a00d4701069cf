import {
  type BatchTimes,
  type BuildManifest,
  type JournalSnapshot,
  type ManifestMigration,
  PHASES,
  type Phase,
  readProgress,
  readQuarantine,
  readVerification,
  type UnitProgress,
  type UnitRecord,
} from '@phasegate/core'
import { groupBy } from './group-by.js'
import { once } from './once.js'
import type { MigrationView, PhaseView } from './status-document.js'

/** A migration as files or a build manifest tell it. */
export type KnownMigration = Pick<ManifestMigration, 'name' | 'phases'> & Partial<ManifestMigration>

/** Everything that files, build or journal know, in migration order. */
export function describeMigrations(
  known: readonly KnownMigration[] | undefined,
  manifest: BuildManifest | undefined,
  snapshot: JournalSnapshot | undefined,
): readonly MigrationView[] {
  return describeUnits(snapshot?.units ?? NO_UNITS, known, manifest)
}

const NO_UNITS: readonly UnitRecord[] = []

const describeUnits = once(function describeUnits(
  units: readonly UnitRecord[],
  known: readonly KnownMigration[] | undefined,
  manifest: BuildManifest | undefined,
): readonly MigrationView[] {
  const listed = new Map((known ?? manifest?.migrations ?? []).map((migration) => [migration.name, migration]))
  const uses = new Map(manifest?.migrations.map((migration) => [migration.name, migration.appUses]))
  const recorded = groupBy(units, ({ migration }) => migration)
  const nothingListed = known === undefined && manifest === undefined
  return [...new Set([...listed.keys(), ...recorded.keys()])].sort().map((name) => {
    const units = new Map(recorded.get(name)?.map((unit) => [unit.phase, unit]))
    const migration = listed.get(name)
    const phases = PHASES.filter((phase) => migration?.phases.includes(phase) || units.has(phase)).map(
      (phase): [Phase, PhaseView] => {
        const foreign = !nothingListed && migration?.phases.includes(phase) !== true
        return [phase, describePhase(units.get(phase), migration?.fingerprints?.[phase], foreign)]
      },
    )
    return { name, appUses: uses.get(name) ?? migration?.appUses ?? null, phases: Object.fromEntries(phases) }
  })
})

function describePhase(unit: UnitRecord | undefined, authored: string | undefined, foreign: boolean): PhaseView {
  const engine = unit?.detail.engine
  return {
    state: unit?.state ?? 'pending',
    since: unit?.since ?? null,
    fingerprint: unit?.fingerprint ?? authored ?? null,
    progress: describeProgress(unit),
    batches: describeBatches(unit),
    verified: (unit && readVerification(unit)) ?? null,
    quarantine: (unit && readQuarantine(unit)) ?? null,
    engine: typeof engine === 'string' ? engine : 'native',
    foreign,
    error: unit?.error ?? null,
  }
}

/** What is recorded, without what only the next worker needs. */
function describeProgress(unit: UnitRecord | undefined): UnitProgress | null {
  const recorded = readProgress(unit?.progress)
  if (recorded === null) return null
  const { walked: _walked, batches: _batches, ...progress } = recorded
  return progress
}

/** Null where no batch was counted: not begun, or by a version that did not count. */
function describeBatches(unit: UnitRecord | undefined): BatchTimes | null {
  const batches = readProgress(unit?.progress)?.batches
  return batches === undefined || batches.batches === 0 ? null : batches
}

/** Units that are not applied. */
export const countPending = once((migrations: readonly MigrationView[]): Readonly<Record<Phase, number>> => {
  const counts = { expand: 0, backfill: 0, contract: 0 }
  for (const { phases } of migrations)
    for (const phase of PHASES) {
      const state = phases[phase]?.state
      if (state !== undefined && state !== 'applied') counts[phase] += 1
    }
  return counts
})
