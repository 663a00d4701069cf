export type {
  ApprovalRecord,
  AppUses,
  BuildManifest,
  BuildRecord,
  ErrorEnvelope,
  EvidenceRecord,
  GateCheck,
  GateState,
  JournalSnapshot,
  Logger,
  ManifestMigration,
  Phase,
  UnitId,
  UnitName,
  UnitProgress,
  UnitRecord,
  UnitState,
} from '@phasegate/core'
export { isPhasegateError, PhasegateError } from '@phasegate/core'
export * from './create-status.js'
export * from './document/build-document.js'
export type { KnownMigration } from './document/describe-migrations.js'
export * from './document/status-document.js'
export * from './fits.js'
export type { FastifyHandler, FastifyPlugin } from './http/fastify-plugin.js'
export type { ExpressHandlers, HttpHandlers, NodeHandler, NodeHandlers } from './http/node-handlers.js'
export * from './manifest/read-manifest.js'
export * from './manifest/requirements-of.js'
export * from './metrics/document-metrics.js'
export * from './metrics/metric.js'
export * from './metrics/open-telemetry.js'
export * from './metrics/prometheus-text.js'
export type { Database, KnexLike, PgLike, QueryFunction } from './poll/database.js'
export type { Dialect } from './poll/journal-ways.js'
export type { Mysql2Callbacks, Mysql2Connection, Mysql2Like, Mysql2Pool } from './poll/mysql2-client.js'
export * from './status.js'
export * from './verdict/judge.js'
export * from './verdict/judge-fit.js'
export * from './verdict/standing.js'
