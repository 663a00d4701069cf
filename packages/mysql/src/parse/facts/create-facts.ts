import { displayName } from '@phasegate/core'
import { indexWork, requestedWork } from '../clause-work.js'
import type { CreateTable, CreateTrigger, StatementNode } from '../statement-tree.js'
import { readNewIndex } from './alter-table-facts.js'
import { readsColumns } from './columns-read.js'
import type { FactsDraft } from './facts-draft.js'

type NodeOf<K extends StatementNode['kind']> = Extract<StatementNode, { kind: K }>

/**
 * CREATE TABLE. Nobody waits for a new table; MySQL takes the tables that its foreign keys reference for an instant
 * (measured on 9.7.4; MariaDB 10.11 does not).
 */
export function readCreateTable(draft: FactsDraft, statement: CreateTable): void {
  const { table, replaces, ifNotExists, from } = statement
  if (replaces) {
    const onNew = draft.made.hasTable(table)
    draft.change({ action: 'drop', object: { type: 'table', ...table }, what: 'drop table', destroys: true, onNew })
    draft.lock('EXCLUSIVE', table)
  }
  const what = from === 'select' ? 'create table as' : 'create table'
  draft.change({
    action: 'create',
    object: { type: 'table', ...table },
    what: ifNotExists ? `${what} if not exists` : what,
    onNew: !ifNotExists,
  })
  for (const read of statement.reads) {
    readsColumns(draft, read, [], from === 'like' ? 'copied by like' : 'select')
    draft.lock('SHARED_READ', read, from === 'like' ? 'instant' : 'scan')
  }
  for (const { references } of statement.foreignKeys) {
    if (displayName(references) === displayName(table)) continue
    readsColumns(draft, references, [], 'referenced by foreign key')
    draft.lock('EXCLUSIVE', references)
  }
}

/** Built beside traffic, unless it is FULLTEXT, SPATIAL or on an expression. */
export function readCreateIndex(draft: FactsDraft, statement: NodeOf<'create index'>): void {
  const { table, index, online, ifNotExists } = statement
  const work = requestedWork(indexWork(index), online, draft.can)
  readNewIndex(draft, table, index, ifNotExists, !work.blocksWrites)
  draft.work(work, table, online)
}

export function readCreateTrigger(draft: FactsDraft, { name, table, replaces, ifNotExists }: CreateTrigger): void {
  const schema = table.schema ?? name.schema
  draft.change({
    action: 'create',
    object: { type: 'trigger', ...(schema === undefined ? {} : { schema }), table: table.name, name: name.name },
    what: `${orReplace(replaces)} trigger${ifNotExists ? ' if not exists' : ''}`,
    onNew: draft.made.hasTable(table),
  })
  draft.lock('EXCLUSIVE', table)
}

/** Its tables are only named: nothing is read, and nobody waits. */
export function readCreateView(draft: FactsDraft, { view, replaces, query }: NodeOf<'create view'>): void {
  const onNew = !replaces || draft.made.hasObject('view', view)
  draft.change({ action: 'create', object: { type: 'view', ...view }, what: `${orReplace(replaces)} view`, onNew })
  if (replaces && !draft.made.hasObject('view', view)) draft.lock('EXCLUSIVE', view)
  for (const table of query.tables) {
    readsColumns(draft, table, [], 'used by view')
    draft.lock('SHARED_READ', table)
  }
}

export function readCreateRoutine(draft: FactsDraft, statement: NodeOf<'create routine'>): void {
  const { routine, name, replaces, ifNotExists } = statement
  draft.change({
    action: 'create',
    object: { type: routine === 'event' ? 'other' : 'function', ...name },
    what: `${orReplace(replaces)} ${routine}${ifNotExists ? ' if not exists' : ''}`,
    onNew: !replaces,
  })
}

function orReplace(replaces: boolean): string {
  return replaces ? 'create or replace' : 'create'
}
