import { APP_USES, type AppUsesDeclaration } from '../authoring/app-uses.js'
import type { MigrationDefinition } from '../authoring/migration-definition.js'
import type { CompiledMigration } from '../compiled/compiled-migration.js'
import type { Gate } from '../gate/gate.js'
import { nearestName } from '../nearest-name.js'
import { migrationError } from './migration-errors.js'

const GATED = ['expand', 'backfill', 'contract', 'revert', 'cutover'] as const

/**
 * `appUses`, which has no default: beside a backfill or a contract it decides who may start.
 *
 * @throws `MIGRATION.APP_USES`
 */
export function readAppUses(definition: MigrationDefinition, file: string): AppUsesDeclaration | undefined {
  const { appUses } = definition
  if (appUses === undefined) {
    if (definition.backfill === undefined && definition.contract === undefined) return undefined
    throw migrationError(
      'MIGRATION.APP_USES',
      `appUses is missing beside a ${definition.contract === undefined ? 'backfill' : 'contract'}.`,
      { file },
      [
        "Write appUses: 'old' while this build's code touches only the old shape, 'both' when it writes both, 'new' when only the new.",
      ],
      { why: 'Phasegate must know which builds a backfill or a contract would break.' },
    )
  }
  const values = typeof appUses === 'object' && appUses !== null ? Object.entries(appUses) : [['', appUses] as const]
  for (const [application, value] of values) {
    if (APP_USES.includes(value)) continue
    const nearest = typeof value === 'string' ? nearestName(value, APP_USES) : undefined
    throw migrationError(
      'MIGRATION.APP_USES',
      `appUses${application === '' ? '' : ` of ${application}`} is ${JSON.stringify(value) ?? 'undefined'}.`,
      { file },
      [nearest === undefined ? `Write one of ${APP_USES.join(', ')}.` : `Did you mean '${nearest}'?`],
    )
  }
  if (values.length === 0) {
    throw migrationError('MIGRATION.APP_USES', 'appUses names no application.', { file }, [
      "Write one value for all, or { api: 'both', worker: 'old' }.",
    ])
  }
  return appUses
}

/** @throws `MIGRATION.APPLICATIONS` */
export function readApplications(applications: unknown, file: string): readonly string[] | undefined {
  if (applications === undefined) return undefined
  const names = Array.isArray(applications) ? (applications as unknown[]) : []
  const bad = names.length === 0 || names.some((name) => typeof name !== 'string' || name.trim() === '')
  if (bad || new Set(names).size !== names.length) {
    throw migrationError('MIGRATION.APPLICATIONS', 'applications is not a list of distinct names.', { file }, [
      "Write applications: ['api', 'worker'], or leave it out where the migration concerns all.",
    ])
  }
  return names as string[]
}

/** @throws `MIGRATION.GATES` */
export function readGates(gates: unknown, file: string): CompiledMigration['gates'] {
  if (gates === undefined) return {}
  if (typeof gates !== 'object' || gates === null || Array.isArray(gates)) {
    throw migrationError('MIGRATION.GATES', 'gates is not an object.', { file }, ['Write gates: { contract: [ … ] }.'])
  }
  for (const [phase, list] of Object.entries(gates)) {
    if (!(GATED as readonly string[]).includes(phase)) {
      const nearest = nearestName(phase, GATED)
      throw migrationError('MIGRATION.GATES', `gates has no phase '${phase}'.`, { file }, [
        nearest === undefined ? `The phases are ${GATED.join(', ')}.` : `Did you mean '${nearest}'?`,
      ])
    }
    if (!Array.isArray(list) || !list.every(isGate)) {
      throw migrationError('MIGRATION.GATES', `gates.${phase} is not a list of gates.`, { file }, [
        `Write gates: { ${phase}: [soak('7d')] }.`,
      ])
    }
  }
  return gates as CompiledMigration['gates']
}

function isGate(value: unknown): value is Gate {
  if (typeof value !== 'object' || value === null) return false
  return 'name' in value && typeof value.name === 'string' && 'check' in value && typeof value.check === 'function'
}
