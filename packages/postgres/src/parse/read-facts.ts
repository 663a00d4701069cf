import { type MadeObjects, qualified, type StatementFacts } from '@phasegate/core'
import type { Node } from 'libpg-query'
import { readAlterTable } from './facts/alter-table-facts.js'
import { readsColumns } from './facts/columns-read.js'
import { readCreateIndex, readCreateTable, readCreateTableAs } from './facts/create-facts.js'
import { readFunctionCalls, readQuery } from './facts/data-facts.js'
import { kindName, objectType, readDrop, readTruncate } from './facts/drop-facts.js'
import { FactsDraft } from './facts/facts-draft.js'
import * as objects from './facts/object-facts.js'
import { withProvenColumns } from './facts/proven-columns.js'
import { readRename, readSetSchema } from './facts/rename-facts.js'
import { nameOfNodes, relationName } from './names.js'
import type { ParsedStatement } from './parse-statements.js'

/**
 * What a statement does to which object, what it locks and for how long, read from its syntax tree alone. Holds for
 * PostgreSQL 14 to 18, where lock mode, rewrite and scan of one statement are the same. Where only the catalog could say,
 * the answer is the one that waits longer; a statement of a kind that is not known here destroys, tightens and blocks.
 *
 * @param made what earlier statements of the file created; the caller records `facts.changes` there afterwards
 */
export function readFacts(statement: Pick<ParsedStatement, 'node'>, made: MadeObjects): StatementFacts {
  const draft = new FactsDraft(made)
  const node = statement.node
  const read =
    readTables(draft, node) || readData(draft, node) || readObjects(draft, node) || readMaintenance(draft, node)
  if (!read) draft.opaque('a statement of a kind that is not analysed', kindOf(node))
  return withProvenColumns(node, draft.toFacts())
}

/** `AlterTableStmt` */
export function kindOf(node: Node): string {
  return Object.keys(node)[0] ?? 'nothing'
}

function readTables(draft: FactsDraft, node: Node): boolean {
  if ('AlterTableStmt' in node) readAlterTable(draft, node.AlterTableStmt)
  else if ('CreateStmt' in node) readCreateTable(draft, node.CreateStmt)
  else if ('CreateForeignTableStmt' in node) readCreateTable(draft, node.CreateForeignTableStmt.base ?? {})
  else if ('IndexStmt' in node) readCreateIndex(draft, node.IndexStmt)
  else if ('DropStmt' in node) readDrop(draft, node.DropStmt)
  else if ('RenameStmt' in node) readRename(draft, node.RenameStmt)
  else if ('AlterObjectSchemaStmt' in node) readSetSchema(draft, node.AlterObjectSchemaStmt)
  else if ('TruncateStmt' in node) readTruncate(draft, node.TruncateStmt)
  else if ('CreateTableAsStmt' in node) {
    const statement = node.CreateTableAsStmt
    const what = statement.objtype === 'OBJECT_MATVIEW' ? 'create materialized view' : 'create table as'
    const ifNotExists = statement.if_not_exists === true
    readCreateTableAs(draft, relationName(statement.into?.rel), statement.query, what, ifNotExists)
  } else if ('ViewStmt' in node) {
    const statement = node.ViewStmt
    const view = relationName(statement.view)
    const replaces = statement.replace === true
    objects.readCreated(draft, 'view', view, replaces ? 'create or replace view' : 'create view')
    if (replaces && !draft.made.hasObject('view', view)) draft.lock('ACCESS EXCLUSIVE', view)
    readBaseTables(draft, statement.query)
  } else return false
  return true
}

/** A view only names its tables: their ACCESS SHARE is held for an instant and nothing is read. */
function readBaseTables(draft: FactsDraft, query: unknown): void {
  const inner = new FactsDraft(draft.made)
  readQuery(inner, query)
  for (const { object } of inner.toFacts().changes) {
    if (object.type !== 'table') continue
    const table = qualified(object.schema, object.name)
    readsColumns(draft, table, [], 'used by view')
    draft.lock('ACCESS SHARE', table)
  }
}

function readData(draft: FactsDraft, node: Node): boolean {
  if ('SelectStmt' in node) {
    readQuery(draft, node)
    readFunctionCalls(draft, node)
  } else if ('InsertStmt' in node || 'UpdateStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node) {
    readQuery(draft, node)
  } else if ('CopyStmt' in node) {
    const statement = node.CopyStmt
    if (statement.relation === undefined) readQuery(draft, statement.query)
    else if (statement.is_from === true) readQuery(draft, { InsertStmt: { relation: statement.relation } })
    else readQuery(draft, { RangeVar: statement.relation })
  } else if ('ExplainStmt' in node) {
    const { query } = node.ExplainStmt
    // EXPLAIN (ANALYZE) CREATE TABLE … AS makes the table.
    if (query !== undefined && 'CreateTableAsStmt' in query) return readTables(draft, query)
    readQuery(draft, query)
    readFunctionCalls(draft, query)
  } else if ('DoStmt' in node) draft.opaque('run a code block', 'DO block')
  else if ('CallStmt' in node) draft.opaque('call a procedure', nameOfNodes(node.CallStmt.funccall?.funcname).name)
  else return false
  return true
}

/** What CREATE SCHEMA makes beside it is made in it, though its name says no schema (PostgreSQL docs: CREATE SCHEMA). */
function inSchema(element: Node, schema: string | undefined): Node {
  const [[kind, made] = ['', {}]] = Object.entries(element) as [string, Record<string, unknown>][]
  const placed = ['relation', 'view', 'sequence'].flatMap((field) => {
    const relation = made[field]
    return typeof relation === 'object' ? [[field, { schemaname: schema, ...relation }]] : []
  })
  return { [kind]: { ...made, ...Object.fromEntries(placed) } } as unknown as Node
}

function readObjects(draft: FactsDraft, node: Node): boolean {
  const create = objects.readCreated
  const orReplace = (replaces: boolean | undefined): string => (replaces === true ? 'create or replace' : 'create')
  const orNot = (what: string, ifNotExists: boolean | undefined): string =>
    ifNotExists === true ? `${what} if not exists` : what
  if ('CreateSchemaStmt' in node) {
    const { schemaname, authrole, schemaElts, if_not_exists } = node.CreateSchemaStmt
    create(draft, 'schema', { name: schemaname ?? authrole?.rolename ?? '' }, orNot('create schema', if_not_exists))
    for (const element of schemaElts ?? []) {
      const placed = inSchema(element, schemaname ?? authrole?.rolename)
      if (!readTables(draft, placed)) readObjects(draft, placed)
    }
  } else if ('CreateEnumStmt' in node) create(draft, 'type', nameOfNodes(node.CreateEnumStmt.typeName), 'create enum')
  else if ('CreateDomainStmt' in node)
    create(draft, 'type', nameOfNodes(node.CreateDomainStmt.domainname), 'create domain')
  else if ('CompositeTypeStmt' in node)
    create(draft, 'type', relationName(node.CompositeTypeStmt.typevar), 'create type')
  else if ('CreateRangeStmt' in node) create(draft, 'type', nameOfNodes(node.CreateRangeStmt.typeName), 'create type')
  else if ('DefineStmt' in node) {
    const { kind, defnames, replace } = node.DefineStmt
    create(draft, objectType(kind), nameOfNodes(defnames), `${orReplace(replace)} ${kindName(kind)}`)
  } else if ('CreateFunctionStmt' in node) {
    const { funcname, replace } = node.CreateFunctionStmt
    create(draft, 'function', nameOfNodes(funcname), `${orReplace(replace)} function`)
  } else if ('CreateSeqStmt' in node) {
    const { sequence, if_not_exists } = node.CreateSeqStmt
    create(draft, 'sequence', relationName(sequence), orNot('create sequence', if_not_exists))
  } else if ('AlterSeqStmt' in node) {
    const sequence = relationName(node.AlterSeqStmt.sequence)
    const onNew = draft.made.hasObject('sequence', sequence)
    draft.change({ action: 'alter', object: { type: 'sequence', ...sequence }, what: 'alter sequence', onNew })
    draft.lock('SHARE ROW EXCLUSIVE', sequence)
  } else if ('CreateExtensionStmt' in node) {
    const { extname, if_not_exists } = node.CreateExtensionStmt
    create(draft, 'other', { name: extname ?? '' }, orNot('create extension', if_not_exists))
  } else if ('CreateRoleStmt' in node) create(draft, 'other', { name: node.CreateRoleStmt.role ?? '' }, 'create role')
  else if ('CreateTrigStmt' in node) {
    const { relation, trigname, replace } = node.CreateTrigStmt
    const what = `${orReplace(replace)} trigger`
    objects.readOnTable(draft, relation, 'SHARE ROW EXCLUSIVE', {
      action: 'create',
      what,
      name: trigname ?? '',
      type: 'trigger',
    })
  } else if ('CreatePolicyStmt' in node) {
    const { table, policy_name, permissive } = node.CreatePolicyStmt
    objects.readOnTable(draft, table, 'ACCESS EXCLUSIVE', {
      action: 'create',
      what: 'create policy',
      name: policy_name ?? '',
      type: 'other',
      tightens: permissive !== true,
    })
  } else if ('AlterPolicyStmt' in node) {
    const { table, policy_name } = node.AlterPolicyStmt
    objects.readOnTable(draft, table, 'ACCESS EXCLUSIVE', {
      action: 'alter',
      what: 'alter policy',
      name: policy_name ?? '',
      type: 'other',
      tightens: true,
    })
  } else if ('RuleStmt' in node) {
    const { relation, rulename } = node.RuleStmt
    objects.readOnTable(draft, relation, 'ACCESS EXCLUSIVE', {
      action: 'create',
      what: 'create rule',
      name: rulename ?? '',
      type: 'other',
      tightens: true,
    })
  } else if ('CreateStatsStmt' in node) {
    create(draft, 'other', nameOfNodes(node.CreateStatsStmt.defnames), 'create statistics')
    for (const relation of node.CreateStatsStmt.relations ?? []) {
      if ('RangeVar' in relation) draft.lock('SHARE UPDATE EXCLUSIVE', relationName(relation.RangeVar))
    }
  } else return readAltered(draft, node)
  return true
}

function readAltered(draft: FactsDraft, node: Node): boolean {
  if ('AlterEnumStmt' in node) objects.readAlterEnum(draft, node.AlterEnumStmt)
  else if ('AlterDomainStmt' in node) objects.readAlterDomain(draft, node.AlterDomainStmt)
  else if ('AlterOwnerStmt' in node)
    objects.readOwner(draft, node.AlterOwnerStmt.objectType, node.AlterOwnerStmt.object)
  else if ('CommentStmt' in node) objects.readComment(draft, node.CommentStmt, 'comment')
  else if ('SecLabelStmt' in node) objects.readComment(draft, node.SecLabelStmt, 'security label')
  else if ('GrantStmt' in node) objects.readGrant(draft, node.GrantStmt)
  else if ('AlterDefaultPrivilegesStmt' in node) {
    const grants = node.AlterDefaultPrivilegesStmt.action?.is_grant === true
    draft.change({
      action: 'alter',
      object: { type: 'other', name: 'default privileges' },
      what: 'alter default privileges',
      tightens: !grants,
    })
  } else if ('GrantRoleStmt' in node) {
    const grants = node.GrantRoleStmt.is_grant === true
    const what = grants ? 'grant role' : 'revoke role'
    draft.change({ action: 'alter', object: { type: 'other', name: 'role' }, what, tightens: !grants })
  } else if ('CreatePublicationStmt' in node) {
    const { pubname, pubobjects } = node.CreatePublicationStmt
    objects.readPublication(draft, pubname ?? '', pubobjects ?? [], 'create publication')
  } else if ('AlterPublicationStmt' in node) {
    const { pubname, pubobjects, action } = node.AlterPublicationStmt
    const adds = action === 'AP_AddObjects'
    objects.readPublication(
      draft,
      pubname ?? '',
      pubobjects ?? [],
      adds ? 'alter publication add' : 'alter publication drop',
    )
  } else return false
  return true
}

function readMaintenance(draft: FactsDraft, node: Node): boolean {
  if ('ReindexStmt' in node) objects.readReindex(draft, node.ReindexStmt)
  else if ('VacuumStmt' in node) objects.readVacuum(draft, node.VacuumStmt)
  else if ('ClusterStmt' in node) objects.readCluster(draft, node.ClusterStmt)
  else if ('RefreshMatViewStmt' in node) objects.readRefresh(draft, node.RefreshMatViewStmt)
  else if ('VariableShowStmt' in node) return true
  else return false
  return true
}
