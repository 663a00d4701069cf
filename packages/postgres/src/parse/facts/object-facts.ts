import { type Change, type DatabaseObject, dottedName, partOf, type QualifiedName, qualified } from '@phasegate/core'
import type {
  AlterDomainStmt,
  AlterEnumStmt,
  ClusterStmt,
  CommentStmt,
  GrantStmt,
  Node,
  RangeVar,
  RefreshMatViewStmt,
  ReindexStmt,
  VacuumStmt,
} from 'libpg-query'
import { nameOfNodes, namePartsOf, relationName } from '../names.js'
import { type kindName, objectType } from './drop-facts.js'
import type { FactsDraft, LockMode } from './facts-draft.js'

/** A statement that touches one table's catalog entry under one lock. */
export function readOnTable(
  draft: FactsDraft,
  relation: RangeVar | undefined,
  lock: LockMode,
  change: Pick<Change, 'action' | 'what'> & { name: string; type: 'trigger' | 'other'; tightens?: boolean },
): void {
  const table = relationName(relation)
  const { name, type, ...rest } = change
  const part = partOf(table, 'trigger', name)
  draft.change({ ...rest, object: { ...part, type }, onNew: draft.made.hasTable(table) })
  draft.lock(lock, table)
}

/** A thing that no table lock protects: schema, type, function, sequence, extension, role. */
export function readCreated(draft: FactsDraft, type: DatabaseObject['type'], name: QualifiedName, what: string): void {
  const mayExist = what.endsWith('if not exists') || what.startsWith('create or replace')
  draft.change({ action: 'create', object: { type, ...name }, what, onNew: !mayExist })
}

/** COMMENT and SECURITY LABEL lock what they describe with SHARE UPDATE EXCLUSIVE, where it is a relation. */
export function readComment(draft: FactsDraft, statement: Pick<CommentStmt, 'objtype' | 'object'>, what: string): void {
  const parts = namePartsOf(statement.object)
  const kind = statement.objtype
  const onPart = ['OBJECT_COLUMN', 'OBJECT_TABCONSTRAINT', 'OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'].includes(
    kind ?? '',
  )
  if (onPart) {
    const table = dottedName(parts.slice(0, -1))
    const type = kind === 'OBJECT_COLUMN' ? 'column' : kind === 'OBJECT_TRIGGER' ? 'trigger' : 'constraint'
    draft.change({
      action: 'alter',
      object: partOf(table, type, parts.at(-1) ?? ''),
      what,
      onNew: draft.made.hasTable(table),
    })
    draft.lock('SHARE UPDATE EXCLUSIVE', table)
    return
  }
  const name = dottedName(parts)
  const type = objectType(kind)
  draft.change({ action: 'alter', object: { type, ...name }, what, onNew: draft.made.hasObject(type, name) })
  if (['table', 'view', 'index', 'sequence'].includes(type)) draft.lock('SHARE UPDATE EXCLUSIVE', name)
}

/** GRANT takes ACCESS SHARE since PostgreSQL 18, nothing before. */
export function readGrant(draft: FactsDraft, statement: GrantStmt): void {
  const grants = statement.is_grant === true
  for (const node of statement.objects ?? []) {
    const name = dottedName(namePartsOf(node))
    const inSchema = statement.targtype === 'ACL_TARGET_ALL_IN_SCHEMA'
    const type = inSchema ? 'schema' : objectType(statement.objtype)
    draft.change({
      action: 'alter',
      object: { type, ...name },
      what: grants ? 'grant' : 'revoke',
      tightens: !grants,
      onNew: draft.made.hasObject(type, name),
    })
    if (type === 'table') draft.lock('ACCESS SHARE', name)
  }
}

export function readAlterEnum(draft: FactsDraft, statement: AlterEnumStmt): void {
  const name = nameOfNodes(statement.typeName)
  const renames = statement.oldVal !== undefined
  draft.change({
    action: 'alter',
    object: { type: 'type', ...name },
    what: renames ? 'rename enum value' : 'add enum value',
    destroys: renames,
    onNew: draft.made.hasObject('type', name),
  })
}

/**
 * A validated domain constraint reads every table that has a column of the domain, under SHARE; the tables are known to
 * the catalog alone.
 */
export function readAlterDomain(draft: FactsDraft, statement: AlterDomainStmt): void {
  const name = nameOfNodes(statement.typeName)
  const onNew = draft.made.hasObject('type', name)
  const constraint = statement.def !== undefined && 'Constraint' in statement.def ? statement.def.Constraint : undefined
  const kind = statement.subtype ?? ''
  const adds = kind === 'C' && constraint?.skip_validation !== true
  const what =
    kind === 'T'
      ? statement.def === undefined
        ? 'drop domain default'
        : 'set domain default'
      : ((
          {
            N: 'drop domain not null',
            O: 'set domain not null',
            X: 'drop domain constraint',
            V: 'validate domain constraint',
          } as Record<string, string>
        )[kind] ?? (adds ? 'add domain constraint' : 'add domain constraint not valid'))
  draft.change({
    action: kind === 'V' ? 'validate' : 'alter',
    object: { type: 'type', ...name },
    what,
    tightens: kind === 'C' || kind === 'O',
    onNew,
  })
  if (!onNew && (adds || kind === 'O' || kind === 'V')) draft.lockUnnamed('SHARE', 'scan')
}

function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((node) => {
    if (!('DefElem' in node) || node.DefElem.defname !== name) return false
    const arg = node.DefElem.arg
    const said =
      arg === undefined
        ? 'true'
        : 'String' in arg
          ? (arg.String.sval ?? '')
          : 'Boolean' in arg
            ? String(arg.Boolean.boolval === true)
            : 'Integer' in arg
              ? String(arg.Integer.ival ?? 0)
              : ''
    return !['false', 'off', '0', 'no'].includes(said.toLowerCase())
  })
}

/** REINDEX holds SHARE on the table and ACCESS EXCLUSIVE on the index, which queries on the table wait for too. */
export function readReindex(draft: FactsDraft, statement: ReindexStmt): void {
  const concurrently = hasOption(statement.params, 'concurrently')
  const name = statement.relation === undefined ? { name: statement.name ?? '' } : relationName(statement.relation)
  const type: DatabaseObject['type'] =
    statement.kind === 'REINDEX_OBJECT_INDEX' ? 'index' : statement.kind === 'REINDEX_OBJECT_TABLE' ? 'table' : 'other'
  draft.change({
    action: 'alter',
    object: { type, ...name },
    what: 'reindex',
    onNew: draft.made.hasObject(type, name),
    ...(concurrently ? { concurrently } : {}),
  })
  if (concurrently || type === 'other') draft.cannotShareTransaction()
  const mode = concurrently ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE'
  if (type === 'other') draft.lockUnnamed(mode, 'build')
  else draft.lock(mode, name, 'build')
}

/** VACUUM and ANALYZE. A VACUUM never runs inside a transaction. */
export function readVacuum(draft: FactsDraft, statement: VacuumStmt): void {
  const vacuum = statement.is_vacuumcmd === true
  const full = vacuum && hasOption(statement.options, 'full')
  const what = full ? 'vacuum full' : vacuum ? 'vacuum' : 'analyze'
  const mode = full ? 'ACCESS EXCLUSIVE' : 'SHARE UPDATE EXCLUSIVE'
  if (vacuum) draft.cannotShareTransaction()
  const tables = (statement.rels ?? []).flatMap((node) =>
    'VacuumRelation' in node ? [relationName(node.VacuumRelation.relation)] : [],
  )
  if (tables.length === 0) {
    draft.change({ action: 'alter', object: { type: 'other', name: 'all tables' }, what })
    draft.lockUnnamed(mode, full ? 'rewrite' : 'scan')
  }
  for (const table of tables) {
    draft.change({ action: 'alter', object: { type: 'table', ...table }, what, onNew: draft.made.hasTable(table) })
    draft.lock(mode, table, full ? 'rewrite' : 'scan')
  }
}

export function readCluster(draft: FactsDraft, statement: ClusterStmt): void {
  if (statement.relation === undefined) {
    draft.cannotShareTransaction()
    draft.change({ action: 'alter', object: { type: 'other', name: 'all clustered tables' }, what: 'cluster' })
    draft.lockUnnamed('ACCESS EXCLUSIVE', 'rewrite')
    return
  }
  const table = relationName(statement.relation)
  const onNew = draft.made.hasTable(table)
  draft.change({ action: 'alter', object: { type: 'table', ...table }, what: 'cluster', onNew })
  draft.lock('ACCESS EXCLUSIVE', table, 'rewrite')
}

export function readRefresh(draft: FactsDraft, statement: RefreshMatViewStmt): void {
  const view = relationName(statement.relation)
  const concurrently = statement.concurrent === true
  draft.change({
    action: 'write',
    object: { type: 'view', ...view },
    what: 'refresh materialized view',
    onNew: draft.made.hasObject('view', view),
    ...(concurrently ? { concurrently } : {}),
  })
  draft.lock(concurrently ? 'EXCLUSIVE' : 'ACCESS EXCLUSIVE', view, concurrently ? 'scan' : 'rewrite')
}

/** CREATE and ALTER PUBLICATION lock the tables that they name with SHARE UPDATE EXCLUSIVE. */
export function readPublication(draft: FactsDraft, name: string, objects: readonly Node[], what: string): void {
  const drops = what === 'alter publication drop'
  draft.change({
    action: what === 'create publication' ? 'create' : 'alter',
    object: { type: 'other', name },
    what,
    destroys: drops,
  })
  for (const node of objects) {
    const relation = 'PublicationObjSpec' in node ? node.PublicationObjSpec.pubtable?.relation : undefined
    if (relation !== undefined) draft.lock('SHARE UPDATE EXCLUSIVE', relationName(relation))
  }
}

export function readOwner(draft: FactsDraft, kind: Parameters<typeof kindName>[0], node: Node | undefined): void {
  const name = dottedName(namePartsOf(node))
  const type = objectType(kind)
  const { schema } = name
  draft.change({
    action: 'alter',
    object: { type, ...qualified(schema, name.name) },
    what: 'change owner',
    tightens: true,
    onNew: draft.made.hasObject(type, name),
  })
}
