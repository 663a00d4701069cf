import type { MapColumn, MapRowValue, MapValue } from '@phasegate/core'

/** What `map` gets for a text of the database; see `MapRow`. */
export function rowValue({ kind }: MapColumn, text: string | null): MapRowValue {
  if (text === null) return null
  if (kind === 'number') return Number(text)
  if (kind === 'boolean') return text === 'true'
  return kind === 'bytes' ? Buffer.from(text, 'hex') : text
}

/** The text that goes to the database for a value of `map`; undefined where it is none of the types that a column takes. */
export function textOfValue({ kind }: MapColumn, value: MapValue | unknown): string | null | undefined {
  if (value === null) return null
  if (value instanceof Uint8Array) return kind === 'bytes' ? Buffer.from(value).toString('hex') : undefined
  switch (typeof value) {
    case 'string':
      return kind === 'bytes' ? Buffer.from(value).toString('hex') : value
    case 'number':
      return Number.isFinite(value) && kind !== 'bytes' ? String(value) : undefined
    case 'bigint':
      return kind === 'bytes' ? undefined : String(value)
    case 'boolean':
      if (kind === 'bytes') return undefined
      return kind === 'number' ? String(Number(value)) : String(value)
    default:
      return undefined
  }
}
