export { postgresDialect } from './postgres-dialect.js'
export { connectPostgres } from './postgres-target.js'
