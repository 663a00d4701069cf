import { nearestName } from '@phasegate/core'
import { configLaterKey, configUnknownKey, configValue } from './config-errors.js'
import { type CheckedConfig, CONFIG_KEYS, configSchema, LATER_KEYS } from './config-schema.js'

/**
 * Checks what a config file exports.
 *
 * @param file as messages name it
 * @param source text of the file, to find the line of a wrong key
 * @throws `CONFIG.UNKNOWN_KEY`, `CONFIG.NOT_YET`, `CONFIG.VALUE`
 */
export function checkConfig(value: unknown, file: string, source: string): CheckedConfig {
  const parsed = configSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  const parent = issue.path.map(String)
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const path = [...parent, key].join('.')
    const where = locate(file, source, key)
    const place = parent[0] === 'applications' && parent.length > 1 ? ['applications', '*'] : parent
    if (LATER_KEYS.includes([...place, key].join('.'))) throw configLaterKey(where, path)
    const known = CONFIG_KEYS[place.join('.')] ?? []
    throw configUnknownKey(where, path, nearestName(key, known), known)
  }
  throw configValue(
    file,
    parent.join('.'),
    expected(issue),
    locate(file, source, parent.findLast((part) => !/^\d+$/.test(part)) ?? ''),
  )
}

/** Schema messages say what is expected; a type error of an object does not carry one of ours. */
function expected(issue: { readonly code: string; readonly message: string; readonly expected?: unknown }): string {
  if (issue.code === 'invalid_type' && issue.message.startsWith('Invalid input')) return `an ${String(issue.expected)}`
  if (issue.code === 'invalid_union') return "a duration in ms or text such as '500ms', '60s', '24h'"
  return issue.message
}

/** The line of a key, where the text names it exactly once. */
function locate(file: string, source: string, key: string): { file: string; line?: number } {
  const escaped = key.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const lines = source
    .split('\n')
    .flatMap((line, index) => (new RegExp(`(^|[\\s,{'"])${escaped}['"]?\\s*:`).test(line) ? [index + 1] : []))
  return lines.length === 1 ? { file, line: lines[0]! } : { file }
}
