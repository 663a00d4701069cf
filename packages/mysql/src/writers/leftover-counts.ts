import type { Session, Surrounding } from '@phasegate/core'
import { quoteName } from '../quoting.js'

/**
 * Counting tables whose migration does not want them any more: its contract is applied, or the journal knows of no expand. Every
 * write of the table pays for their triggers. Where there is no journal, the triggers themselves are leftovers.
 */
export async function leftoverCounts(session: Session): Promise<readonly Surrounding[]> {
  const tables = await session.query<{ name: string; migration: string }>(
    `SELECT TABLE_NAME AS name, TABLE_COMMENT AS migration FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME LIKE 'phasegate\\\\_writes\\\\_%'
       AND EXISTS (SELECT 1 FROM information_schema.TABLES AS j WHERE j.TABLE_SCHEMA = DATABASE() AND j.TABLE_NAME = 'phasegate_unit')`,
  )
  if (tables.length === 0) return []
  const units = await session.query<{ migration: string; phase: string; state: string }>(
    'SELECT migration, phase, state FROM phasegate_unit',
  )
  const is = (migration: string, phase: string, ...states: readonly string[]): boolean =>
    units.some((unit) => unit.migration === migration && unit.phase === phase && states.includes(unit.state))
  const known = (migration: string): boolean =>
    units.some((unit) => unit.migration === migration && unit.phase === 'expand' && unit.state !== 'reverted')
  return tables
    .filter(({ migration }) => !known(migration) || is(migration, 'contract', 'applied'))
    .map(({ name }) => ({
      check: 'leftover writer count',
      state: 'warning',
      message: `${name} counts writers for a migration that is over; every write pays for it`,
      next: `DROP TRIGGER ${quoteName(`${name}_i`)}; DROP TRIGGER ${quoteName(`${name}_u`)}; DROP TABLE ${quoteName(name)};`,
    }))
}
