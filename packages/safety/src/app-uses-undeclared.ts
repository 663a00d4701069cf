import type { CompiledMigration } from '@phasegate/core'
import type { Finding } from './finding.js'

/** APP_USES.UNDECLARED: about a migration, not about one of its statements. */
export function appUsesUndeclared(migration: CompiledMigration): Finding | undefined {
  const unit = migration.units.contract ?? migration.units.backfill
  if (unit === undefined || migration.appUses !== undefined) return undefined
  return {
    rule: 'APP_USES.UNDECLARED',
    severity: 'warning',
    message: `${migration.file} has a ${unit.id.phase} and does not say what its code uses.`,
    why: 'Nothing tells then whether running code still needs the old shape, so that only an approval opens the contract.',
    instead: 'Write -- app-uses: both (code writes both) beside the phase; change it to new when the code is.',
    where: { file: migration.file },
    unit: unit.id,
  }
}
