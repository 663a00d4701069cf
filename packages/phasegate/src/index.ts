/**
 * What migration files and the config import. Light: it loads neither knex nor a driver nor the schema of the config.
 *
 * @packageDocumentation
 */
export {
  type Allowed,
  type AppUses,
  type AppUsesDeclaration,
  all,
  allow,
  any,
  atLeast,
  type BackfillDefinition,
  type BuildManifest,
  defineMigration,
  type ErrorEnvelope,
  type Gate,
  type GateCheck,
  type GateContext,
  type GateState,
  type MigrationDefinition,
  type Operation,
  type Ops,
  ops,
  type Phase,
  type PhaseFunction,
  PhasegateError,
  type PhaseTools,
  type RunContext,
  type Schema,
  type SqlFragment,
  type SqlIdentifier,
  type SqlValue,
  type Statement,
  type SyncDefinition,
  sql,
  type TableName,
} from '@phasegate/core'
export {
  approval,
  backfillVerified,
  type CommandOptions,
  command,
  type FlagClient,
  type FlagDetails,
  type FlagOptions,
  flag,
  type HttpOptions,
  http,
  type LaunchDarklyOptions,
  launchDarkly,
  type PrometheusOptions,
  prometheus,
  soak,
} from '@phasegate/gates'
export type { Duration } from './config/duration.js'
export {
  type ConnectionSettings,
  defineConfig,
  type KnexConnection,
  type PhasegateConfig,
} from './config/phasegate-config.js'
