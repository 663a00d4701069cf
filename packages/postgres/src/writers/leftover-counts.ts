import type { Session, Surrounding } from '@phasegate/core'

/**
 * Counting tables whose migration does not want them any more: its contract is applied, or the journal knows of no expand. Every
 * write of the table pays for their triggers.
 */
export async function leftoverCounts(session: Session): Promise<readonly Surrounding[]> {
  const tables = await session.query<{ name: string; migration: string | null }>(
    `SELECT c.oid::regclass::text AS name, obj_description(c.oid, 'pg_class') AS migration FROM pg_class c
     WHERE c.relkind = 'r' AND c.relname LIKE 'phasegate\\_writes\\_%'`,
  )
  if (tables.length === 0) return []
  const [journal] = await session.query<{ there: boolean }>(`SELECT to_regclass('phasegate.unit') IS NOT NULL AS there`)
  const wanted =
    journal?.there === true
      ? await session.query<{ migration: string }>(
          `SELECT migration FROM phasegate.unit WHERE phase = 'expand' AND state <> 'reverted'
           EXCEPT SELECT migration FROM phasegate.unit WHERE phase = 'contract' AND state = 'applied'`,
        )
      : []
  return tables
    .filter(({ migration }) => !wanted.some((one) => one.migration === migration))
    .map(({ name }) => ({
      check: 'leftover writer count',
      state: 'warning',
      message: `${name} counts writers for a migration that is over; every write pays for it`,
      next: `DROP FUNCTION ${name}() CASCADE; DROP TABLE ${name};`,
    }))
}
