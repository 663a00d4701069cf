import type { CompiledBackfill } from '@phasegate/core'
import { escapeIdentifier } from 'pg'

/** `"public"."users"` */
export function tableName(backfill: CompiledBackfill): string {
  const { schema, name } = backfill.table
  return schema === undefined ? escapeIdentifier(name) : `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`
}
