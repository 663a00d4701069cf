import {
  type CompiledMigration,
  type CompiledUnit,
  findUnit,
  lateFiles,
  type Session,
  type Target,
  unitName,
  unitsOf,
} from '@phasegate/core'
import { unmetPrecondition } from '../step/execute-step.js'

/**
 * What only a database knows of these files: those that arrived late, and tables that neither it has nor any of the files
 * creates. Worth knowing, not an error. Reads only.
 */
export async function databaseNotes(
  target: Target,
  session: Session,
  migrations: readonly CompiledMigration[],
): Promise<readonly string[]> {
  const snapshot = await target.journal.read(session)
  const late = lateFiles(migrations, snapshot).map(
    ({ migration, after }) => `${migration.name} arrived late: ${after} is applied already; it still runs.`,
  )
  const pending = migrations.flatMap((migration) =>
    unitsOf(migration).filter((unit) => findUnit(snapshot, migration.name, unit.id.phase)?.state !== 'applied'),
  )
  const created = new Set(migrations.flatMap((migration) => unitsOf(migration).flatMap(tablesCreated)))
  const missing: string[] = []
  for (const unit of pending) {
    for (const table of await target.missingTables(session, tablesNeeded(unit)))
      if (!created.has(table)) missing.push(`${unitName(unit.id)} names table ${table}, which does not exist.`)
  }
  return [...late, ...missing, ...(await unmet(target, session, pending))]
}

/** Steps that could not run now, as the database is. */
async function unmet(target: Target, session: Session, pending: readonly CompiledUnit[]): Promise<readonly string[]> {
  const notes: string[] = []
  for (const { id, steps } of pending) {
    for (const [position, step] of steps.entries()) {
      const reason = await unmetPrecondition({ target }, session, step)
      if (reason !== undefined) notes.push(`Step ${position + 1} of ${unitName(id)} cannot run now: ${reason}`)
    }
  }
  return notes
}

function tablesCreated(unit: CompiledUnit): readonly string[] {
  const changes = unit.steps.flatMap((step) => step.facts.changes)
  return changes
    .filter(({ action, object }) => action === 'create' && object.type === 'table')
    .map(({ object }) => object.name)
}

function tablesNeeded({ steps, backfill }: CompiledUnit): readonly string[] {
  if (backfill !== undefined) {
    const into = backfill.form?.kind === 'copy' ? [backfill.form.into] : []
    return [backfill.table, ...into].map(({ schema, name }) => qualified(schema, name))
  }
  const names = steps
    .flatMap((step) => step.facts.changes)
    .filter(({ onNew }) => !onNew)
    // A table that is created is an object of its own; what has a `table` needs it to be there.
    .flatMap(({ object }) => (object.table === undefined ? [] : [qualified(object.schema, object.table)]))
  return [...new Set(names)]
}

function qualified(schema: string | undefined, name: string): string {
  return schema === undefined ? name : `${schema}.${name}`
}
