import {
  dottedName,
  findToken,
  isComment,
  type Lifted,
  type MadeObjects,
  splitAtCommas,
  sql,
  tableNameOf,
  textOf,
} from '@phasegate/core'
import type { AlterEnumStmt, AlterTableCmd, AlterTableStmt, DropStmt } from 'libpg-query'
import { liftAddColumn } from './lift-add-column.js'
import { liftConstraint } from './lift-constraint.js'
import { liftCreateIndex } from './lift-index.js'
import { alterTable, type ClauseSource, fitsOperation, type LiftedClause, quotedName } from './lifted.js'
import { nameOfNodes, namePartsOf, relationName } from './names.js'
import type { ParsedStatement } from './parse-statements.js'
import { readTokens } from './tokens.js'

/**
 * The safe form of a raw statement, in the order in which it runs; undefined where it stays as it was written. Nothing that
 * the author wrote is dropped on the way: what an operation cannot carry stays SQL.
 *
 * An ALTER TABLE of several clauses is taken apart when one of its clauses would block as written, or when each of them
 * has an operation. Statements on tables that this file created are not lifted: nobody waits for those.
 *
 * Callers leave out statements under `-- verbatim` (`isVerbatim`).
 *
 * @example
 * lift(parseStatements('ALTER TABLE users ALTER email SET NOT NULL', 'x.sql')[0]!, createMadeObjects())
 * // [{ operation: { kind: 'setNotNull', table: 'users', column: 'email' } }]
 */
export function lift(statement: ParsedStatement, made: MadeObjects): readonly Lifted[] | undefined {
  const { node } = statement
  if ('IndexStmt' in node) return liftCreateIndex(statement, node.IndexStmt, made)
  if ('AlterTableStmt' in node) return liftAlterTable(statement, node.AlterTableStmt, made)
  if ('DropStmt' in node) return liftDrop(node.DropStmt, made)
  if ('AlterEnumStmt' in node) return liftEnumValue(node.AlterEnumStmt, made)
  return undefined
}

function liftAlterTable(
  statement: ParsedStatement,
  alter: AlterTableStmt,
  made: MadeObjects,
): readonly Lifted[] | undefined {
  const { relation } = alter
  const table = relationName(relation)
  const plain = alter.objtype === 'OBJECT_TABLE' && alter.missing_ok !== true && relation?.inh === true
  if (!plain || relation.catalogname !== undefined || made.hasTable(table) || !fitsOperation(table)) return undefined
  const clauses = clausesOf(statement, alter)
  const lifted = clauses.map(({ source, command }) => ({ source, command, clause: liftClause(source, command) }))
  const needed = lifted.some(({ clause }) => clause?.needed === true)
  if (!needed && lifted.some(({ clause }) => clause === undefined)) return undefined
  return lifted
    .toSorted((a, b) => passOf(a.command) - passOf(b.command))
    .flatMap(({ source, clause }) => clause?.parts ?? [alterTable(source, textOf(source.text, source.tokens))])
}

function clausesOf(
  statement: ParsedStatement,
  alter: AlterTableStmt,
): readonly { source: ClauseSource; command: AlterTableCmd }[] {
  const tokens = readTokens(statement.text, statement.file, statement.line).filter((token) => !isComment(token))
  const first = tokens.findIndex((token) => token.start >= (alter.relation?.location ?? 0))
  let last = first
  while (tokens[last + 1]?.text === '.') last += 2
  const from = tokens[last + 1]?.text === '*' ? last + 2 : last + 1
  const parts = splitAtCommas(tokens.slice(from))
  return (alter.cmds ?? []).flatMap((node, index) => {
    if (!('AlterTableCmd' in node)) return []
    const source: ClauseSource = {
      table: relationName(alter.relation),
      tableText: textOf(statement.text, tokens.slice(first, last + 1)),
      text: statement.text,
      tokens: parts[index] ?? [],
    }
    return [{ source, command: node.AlterTableCmd }]
  })
}

/** PostgreSQL itself works in passes: what is dropped first, then types, new columns, the rest (source: AlterTablePass). */
function passOf(command: AlterTableCmd): number {
  const drops = ['AT_DropColumn', 'AT_DropConstraint', 'AT_DropNotNull', 'AT_DropExpression', 'AT_DropIdentity']
  if (drops.includes(command.subtype ?? '')) return 0
  if (command.subtype === 'AT_ColumnDefault' && command.def === undefined) return 0
  if (command.subtype === 'AT_AlterColumnType') return 1
  return command.subtype === 'AT_AddColumn' ? 2 : 3
}

function liftClause(source: ClauseSource, command: AlterTableCmd): LiftedClause | undefined {
  const table = tableNameOf(source.table)
  const column = command.name ?? ''
  const plainDrop = command.missing_ok !== true && command.behavior !== 'DROP_CASCADE'
  const undoable = (part: Lifted): LiftedClause => ({ parts: [part], needed: false })
  switch (command.subtype) {
    case 'AT_AddColumn':
      if (command.def === undefined || !('ColumnDef' in command.def)) return undefined
      return liftAddColumn(source, command.def.ColumnDef, command.missing_ok === true)
    case 'AT_AddConstraint': {
      if (command.def === undefined || !('Constraint' in command.def)) return undefined
      const constraint = command.def.Constraint
      const tokens = source.tokens.filter((token) => token.start >= (constraint.location ?? 0))
      const parts = liftConstraint(source, { constraint, tokens })
      return parts === undefined ? undefined : { parts, needed: true }
    }
    case 'AT_SetNotNull':
      return { parts: [{ operation: { kind: 'setNotNull', table, column } }], needed: true }
    case 'AT_DropNotNull':
      return undoable({ operation: { kind: 'dropNotNull', table, column } })
    case 'AT_ColumnDefault': {
      if (command.def === undefined) return undoable({ operation: { kind: 'dropDefault', table, column } })
      const value = textOf(source.text, source.tokens.slice(findToken(source.tokens, 'DEFAULT') + 1))
      return undoable({ operation: { kind: 'setDefault', table, column, default: sql.raw(value) } })
    }
    case 'AT_DropColumn':
      return plainDrop ? undoable({ operation: { kind: 'dropColumn', table, column } }) : undefined
    case 'AT_DropConstraint':
      return plainDrop ? undoable({ operation: { kind: 'dropConstraint', table, name: column } }) : undefined
    default:
      return undefined
  }
}

/**
 * DROP INDEX becomes concurrent, one index a statement, as PostgreSQL wants it (docs: DROP INDEX). With CASCADE there is no
 * concurrent form. Several tables in one DROP TABLE may depend on each other, so they stay together.
 */
function liftDrop(drop: DropStmt, made: MadeObjects): readonly Lifted[] | undefined {
  const names = (drop.objects ?? []).map((node) => dottedName(namePartsOf(node)))
  if (drop.behavior === 'DROP_CASCADE' || (drop.objects ?? []).some((node) => namePartsOf(node).length > 2))
    return undefined
  if (drop.removeType === 'OBJECT_TABLE') {
    const [table, second] = names
    if (table === undefined || second !== undefined || drop.missing_ok === true) return undefined
    if (made.hasTable(table) || !fitsOperation(table)) return undefined
    return [{ operation: { kind: 'dropTable', table: tableNameOf(table) } }]
  }
  if (drop.removeType !== 'OBJECT_INDEX' || names.every((name) => made.hasIndex(name))) return undefined
  if (drop.concurrent === true && (drop.missing_ok === true || names[0]?.schema !== undefined)) return undefined
  return names.map((name): Lifted => {
    const ifExists = drop.missing_ok === true ? 'IF EXISTS ' : ''
    if (made.hasIndex(name)) return { statement: `DROP INDEX ${ifExists}${quotedName(name)}` }
    if (drop.missing_ok === true || name.schema !== undefined) {
      return { statement: `DROP INDEX CONCURRENTLY ${ifExists}${quotedName(name)}` }
    }
    return { operation: { kind: 'dropIndex', name: name.name } }
  })
}

function liftEnumValue(alter: AlterEnumStmt, made: MadeObjects): readonly Lifted[] | undefined {
  const type = nameOfNodes(alter.typeName)
  const { newVal: value, newValNeighbor: neighbor } = alter
  if (value === undefined || alter.oldVal !== undefined || alter.skipIfNewValExists === true) return undefined
  // The operation takes a dotted name, so a name with a dot inside stays SQL.
  const parts = [...(type.schema === undefined ? [] : [type.schema]), type.name]
  if (made.hasObject('type', type) || parts.some((part) => part.includes('.'))) return undefined
  const place = neighbor === undefined ? {} : alter.newValIsAfter === true ? { after: neighbor } : { before: neighbor }
  return [{ operation: { kind: 'addEnumValue', type: parts.join('.'), value, ...place } }]
}
