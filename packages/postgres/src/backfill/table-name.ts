import type { CompiledBackfill } from '@phasegate/core'
import { escapeIdentifier } from 'pg'

/** `"public"."users"` */
export function tableName(backfill: Pick<CompiledBackfill, 'table'>): string {
  const { schema, name } = backfill.table
  return schema === undefined ? escapeIdentifier(name) : `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
}
