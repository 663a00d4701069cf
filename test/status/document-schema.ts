import { readFileSync } from 'node:fs'
import type { StatusDocument } from '@phasegate/status'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'

const schema = JSON.parse(readFileSync(new URL('../../packages/status/status.schema.json', import.meta.url), 'utf8'))

/** Documents may gain fields, so the schema is open; here it is closed, so that no field goes undescribed. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed)
  if (typeof part !== 'object' || part === null) return part
  const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]))
  return 'properties' in inner ? { ...inner, additionalProperties: false } : inner
}

const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(closed(schema) as object)

/** Fails with what the schema says against it; what went over HTTP is the same, so it goes through JSON first. */
export function expectValid(document: StatusDocument): void {
  const sent = JSON.parse(JSON.stringify(document))
  expect(validate(sent) ? [] : validate.errors).toEqual([])
}
