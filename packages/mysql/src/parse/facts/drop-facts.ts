import type { DatabaseObject, QualifiedName } from '@phasegate/core'
import { dropIndexWork, requestedWork } from '../clause-work.js'
import type { StatementNode } from '../statement-tree.js'
import { readDroppedIndex } from './alter-table-facts.js'
import type { FactsDraft } from './facts-draft.js'

type NodeOf<K extends StatementNode['kind']> = Extract<StatementNode, { kind: K }>

/** DROP of anything takes what it drops for itself. */
export function readDrop(
  draft: FactsDraft,
  statement: NodeOf<'drop table' | 'drop view' | 'drop trigger' | 'drop routine' | 'drop index'>,
): void {
  switch (statement.kind) {
    case 'drop table':
      for (const table of statement.tables) dropped(draft, 'table', table, 'drop table', true)
      break
    case 'drop view':
      for (const view of statement.views) dropped(draft, 'view', view, 'drop view', true)
      break
    case 'drop trigger':
      dropped(draft, 'trigger', statement.name, 'drop trigger', false)
      // The table that it belongs to is not in the statement.
      draft.lockUnnamed('EXCLUSIVE', 'instant')
      break
    case 'drop routine':
      dropped(
        draft,
        statement.routine === 'event' ? 'other' : 'function',
        statement.name,
        `drop ${statement.routine}`,
        false,
      )
      break
    case 'drop index': {
      const work = requestedWork(dropIndexWork, statement.online, draft.can)
      readDroppedIndex(draft, statement.table, statement.name, !work.blocksWrites)
      draft.work(work, statement.table, statement.online)
    }
  }
}

function dropped(
  draft: FactsDraft,
  type: DatabaseObject['type'],
  name: QualifiedName,
  what: string,
  locks: boolean,
): void {
  const onNew = draft.made.hasObject(type, name)
  draft.change({ action: 'drop', object: { type, ...name }, what, destroys: true, onNew })
  if (locks && !onNew) draft.lock('EXCLUSIVE', name)
}

export function readTruncate(draft: FactsDraft, { table }: NodeOf<'truncate'>): void {
  const onNew = draft.made.hasTable(table)
  draft.change({ action: 'write', object: { type: 'table', ...table }, what: 'truncate', destroys: true, onNew })
  draft.lock('EXCLUSIVE', table)
}
