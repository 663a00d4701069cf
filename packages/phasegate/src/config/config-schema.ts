import { type Gate, readBytes } from '@phasegate/core'
import { z } from 'zod'
import { parseDuration } from './duration.js'
import { throttle, windows } from './pace-schema.js'

const duration = z.union([z.number(), z.string()]).transform((value, context) => {
  const ms = parseDuration(value)
  if (ms !== undefined) return ms
  context.addIssue({
    code: 'custom',
    message: `a duration in ms or text such as '500ms', '60s', '24h', not '${value}'`,
  })
  return z.NEVER
})

const gate = z.custom<Gate>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'check' in value &&
    typeof value.check === 'function' &&
    'name' in value,
  "a gate, such as approval() or soak('24h') from 'phasegate'",
)
const gates = z.array(gate)

const count = (least: number): z.ZodNumber =>
  z.number('a whole number').int('a whole number').min(least, `${least} or more`)

/** A number says the major version alone: as a number 8.0 is 8 and 10.10 is 10.1. */
const serverVersion = z.unknown().transform((value, context) => {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0) return String(value)
  if (typeof value === 'string' && /^\d+(\.\d+){0,2}(?![\d.])/.test(value.trim())) return value.trim()
  context.addIssue({
    code: 'custom',
    message: `a version: 18 for a major one, text such as '8.4' or '10.11.6' for more, not ${JSON.stringify(value)}`,
  })
  return z.NEVER
})

const roles = (expected: string) => z.array(z.string('a role name').min(1, 'a role name'), expected)

const application = z.strictObject({
  reports: z.boolean('true or false').optional(),
  seenEvery: duration.refine((ms) => ms >= 1, '1 ms or more').optional(),
  roles: roles("a list of role names: ['app']").optional(),
})

const bytes = z.union([z.number(), z.string()]).transform((value, context) => {
  const read = readBytes(value)
  if (read !== undefined) return read
  context.addIssue({ code: 'custom', message: `bytes, or text such as '512MB', '1GB', not '${value}'` })
  return z.NEVER
})

const tool = z.strictObject({
  path: z.string('the path of a program').min(1, 'the path of a program').optional(),
  arguments: z.array(z.string('an argument'), "a list of arguments: ['--chunk-time=1']").optional(),
})

/** Everything of a config file but `database`, which `connection.ts` reads. Strict: unknown keys are issues. */
export const configSchema = z.strictObject({
  database: z.unknown().optional(),
  dialect: z.string('a dialect: postgres, mysql or mariadb').optional(),
  serverVersion: serverVersion.optional(),
  migrations: z.string('a folder').min(1, 'a folder').optional(),
  applications: z
    .record(z.string().min(1), application, 'an object with one entry an application: { api: {}, worker: {} }')
    .optional(),
  ignoredRoles: roles("a list of role names: ['backup', 'monitoring']").optional(),
  appRoles: z.array(z.string('a role name').min(1, 'a role name'), "a list of role names: ['app']").optional(),
  gates: z
    .strictObject({
      expand: gates.optional(),
      backfill: gates.optional(),
      contract: gates.optional(),
      revert: gates.optional(),
      cutover: gates.optional(),
    })
    .optional(),
  backfill: z
    .strictObject({
      batchTime: duration.optional(),
      batchSize: count(1).optional(),
      maxRowsPerSecond: count(1).optional(),
      only: windows.optional(),
      throttle: throttle.optional(),
      workers: count(1).max(64, 'from 1 to 64').optional(),
    })
    .optional(),
  engines: z
    .strictObject({
      prefer: z.array(z.enum(['gh-ost', 'pt-osc'], "'gh-ost' or 'pt-osc'"), "a list: ['gh-ost', 'pt-osc']").optional(),
      thresholdRows: count(0).optional(),
      thresholdBytes: bytes.optional(),
      directory: z.string('a folder').min(1, 'a folder').optional(),
      'gh-ost': tool.optional(),
      'pt-osc': tool.optional(),
      pg_repack: tool.optional(),
    })
    .optional(),
  lock: z
    .strictObject({
      // A statement in the queue for a strong lock holds up everybody behind it, so this has a ceiling (runner.md).
      lockTimeout: duration.refine((ms) => ms >= 1 && ms <= 1000, 'from 1 ms to 1 s').optional(),
      statementTimeout: duration.refine((ms) => ms >= 1, '1 ms or more').optional(),
      maxLockWait: duration.optional(),
      retries: count(0).optional(),
      retryFor: duration.optional(),
    })
    .optional(),
  contract: z
    .strictObject({ announce: duration.optional(), confirm: z.string('the name of the database').min(1).optional() })
    .optional(),
  worker: z
    .strictObject({
      pollInterval: duration.refine((ms) => ms >= 100, '100 ms or more').optional(),
      healthPort: count(0).max(65_535, 'a port, 0 to 65535').optional(),
      healthHost: z.string('an address').min(1, 'an address').optional(),
      staleAfter: duration.refine((ms) => ms >= 1000, '1 s or more').optional(),
    })
    .optional(),
  serve: z
    .strictObject({
      port: count(0).max(65_535, 'a port, 0 to 65535').optional(),
      host: z.string('an address').min(1, 'an address').optional(),
    })
    .optional(),
  disposable: z.boolean('true or false').optional(),
})

export type CheckedConfig = z.output<typeof configSchema>

/** The known keys at each path of the config, for naming the nearest. */
export const CONFIG_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(configSchema.shape),
  gates: ['expand', 'backfill', 'contract', 'revert', 'cutover'],
  backfill: ['batchTime', 'batchSize', 'workers', 'maxRowsPerSecond', 'only', 'throttle'],
  engines: ['prefer', 'thresholdRows', 'thresholdBytes', 'directory', 'gh-ost', 'pt-osc', 'pg_repack'],
  'engines.gh-ost': ['path', 'arguments'],
  'engines.pt-osc': ['path', 'arguments'],
  'engines.pg_repack': ['path', 'arguments'],
  lock: ['lockTimeout', 'statementTimeout', 'maxLockWait', 'retries', 'retryFor'],
  contract: ['announce', 'confirm'],
  worker: ['pollInterval', 'healthPort', 'healthHost', 'staleAfter'],
  serve: ['port', 'host'],
  'applications.*': ['reports', 'seenEvery', 'roles'],
}

/** Settings of the design that no version has yet: refused by name instead of being silently ignored. */
export const LATER_KEYS: readonly string[] = ['inlineLimit', 'targets']
