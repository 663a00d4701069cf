import {
  type CompiledBackfill,
  EXIT,
  type ExitCode,
  findUnit,
  hasQuarantine,
  proofOf,
  type UnitName,
  type UnitRecord,
  unitName,
} from '@phasegate/core'
import { resolveMigration } from '../load/resolve-unit.js'
import { type TargetOptions, withRunner } from '../target/open-runner.js'

export interface VerifyOptions extends TargetOptions {
  /** By slug or unique prefix; default: every backfill that was applied. */
  readonly migration?: string
}

export interface Verification {
  readonly unit: UnitName
  /** Null: nothing of this backfill can be compared; `reason` says why. */
  readonly mismatches: number | null
  readonly reason: string | null
  readonly sampleKeys: readonly string[]
  /** Rows that the backfill could not change, which count for nothing else. */
  readonly quarantined: number
}

export interface VerifyResult {
  readonly units: readonly Verification[]
  readonly exit: ExitCode
}

/** Compares old and new now, in short reads; changes nothing. Exit 9 where rows differ or are in quarantine. */
export function runVerify(options: VerifyOptions = {}): Promise<VerifyResult> {
  return withRunner(options, async ({ context, migrations, target }) => {
    const name =
      options.migration === undefined
        ? undefined
        : resolveMigration(
            options.migration,
            migrations.map((one) => one.name),
          )
    const session = await target.openSession('verify')
    try {
      const snapshot = await target.journal.read(session)
      const units: Verification[] = []
      for (const migration of migrations) {
        const unit = migration.units.backfill
        const record = findUnit(snapshot, migration.name, 'backfill')
        const applied = record?.state === 'applied'
        if (unit?.backfill === undefined || (name === undefined ? !applied : migration.name !== name)) continue
        const contract = findUnit(snapshot, migration.name, 'contract')
        const reason = whyNot(unit.backfill, contract)
        // An older journal has no such table, and no unit that says so.
        const except =
          record !== undefined && hasQuarantine(record) ? await target.backfill.quarantined(session, unit.id) : []
        const quarantined = except.length
        if (reason !== null) {
          units.push({ unit: unitName(unit.id), mismatches: null, reason, sampleKeys: [], quarantined })
          continue
        }
        const { mismatches, sampleKeys } = await context.compareBackfill(
          unit.backfill,
          'differs',
          except.map((row) => row.key),
        )
        units.push({ unit: unitName(unit.id), mismatches, reason, sampleKeys, quarantined })
      }
      const differ = units.some((unit) => (unit.mismatches ?? 0) + unit.quarantined > 0)
      return { units, exit: differ ? EXIT.failed : EXIT.done }
    } finally {
      await session.close()
    }
  })
}

function whyNot(backfill: CompiledBackfill, contract: UnitRecord | undefined): string | null {
  // The columns that it was computed from may be gone: from the point of no return on there are no two shapes.
  if (contract?.pointOfNoReturn || contract?.state === 'applied') return 'its contract has taken the old shape away'
  return proofOf(backfill) === 'ranges whole' ? 'whole ranges are its only proof' : null
}
