// The compiler of migration files: an entry of its own, since applications and the verbs that only read load none of it.
export { compilerOf } from '../operations/compiler-of.js'
export { createSchema, schemaCallsOf } from '../schema/create-schema.js'
export { readSqlMigration } from '../sql-file/read-sql-migration.js'
export { compileMigration } from './compile-migration.js'
