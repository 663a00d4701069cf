import type { StatusDocument } from '@phasegate/status'
import type { PhasegateCli } from '../phasegate-cli.js'

/** Rows that the migration's backfill changed, as `phasegate status --json` tells everybody. */
export async function backfilledRows(cli: PhasegateCli, release: string, migration: string): Promise<number> {
  const document = JSON.parse(await cli.read(release, ['status', migration, '--json'])) as StatusDocument
  const progress = document.migrations[0]?.phases.backfill?.progress
  if (!progress) throw new Error(`phasegate status knows no progress of the backfill of ${migration}`)
  return progress.done
}
