import type { MadeObjects, StatementFacts } from '@phasegate/core'
import type { Capabilities } from '../server/capabilities.js'
import { readAlterTable } from './facts/alter-table-facts.js'
import {
  readCreateIndex,
  readCreateRoutine,
  readCreateTable,
  readCreateTrigger,
  readCreateView,
} from './facts/create-facts.js'
import { readData } from './facts/data-facts.js'
import { readDrop, readTruncate } from './facts/drop-facts.js'
import { FactsDraft } from './facts/facts-draft.js'
import { readRenameTables } from './facts/rename-facts.js'
import type { ParsedStatement, StatementNode } from './statement-tree.js'

/**
 * What a statement does to which object, what it locks and for how long, read from the statement alone. Where only the
 * catalog could say, the answer is the one that waits longer; a statement of a kind that is not known here destroys,
 * tightens and blocks. ALGORITHM and LOCK in a statement are trusted: the server refuses what it cannot do so.
 *
 * @param made what earlier statements of the file created; the caller records `facts.changes` there afterwards
 */
export function readFacts(
  statement: Pick<ParsedStatement, 'node'>,
  made: MadeObjects,
  can: Capabilities,
): StatementFacts {
  const draft = new FactsDraft(made, can)
  readNode(draft, statement.node)
  return draft.toFacts()
}

function readNode(draft: FactsDraft, node: StatementNode): void {
  switch (node.kind) {
    case 'alter table':
      readAlterTable(draft, node)
      break
    case 'create table':
      readCreateTable(draft, node)
      break
    case 'create index':
      readCreateIndex(draft, node)
      break
    case 'create trigger':
      readCreateTrigger(draft, node)
      break
    case 'create view':
      readCreateView(draft, node)
      break
    case 'create routine':
      readCreateRoutine(draft, node)
      break
    case 'drop table':
    case 'drop view':
    case 'drop index':
    case 'drop trigger':
    case 'drop routine':
      readDrop(draft, node)
      break
    case 'rename table':
      readRenameTables(draft, node.renames)
      break
    case 'truncate':
      readTruncate(draft, node)
      break
    case 'select':
    case 'insert':
    case 'update':
    case 'delete':
    case 'replace':
      readData(draft, node)
      break
    case 'analyze':
      for (const table of node.tables) {
        const onNew = draft.made.hasTable(table)
        draft.change({ action: 'alter', object: { type: 'table', ...table }, what: 'analyze', onNew })
        draft.lock('SHARED_READ', table, 'scan')
      }
      return
    case 'grant':
    case 'revoke':
      readGrant(draft, node)
      break
    case 'show':
      draft.mayRollBack()
      break
    case 'other':
      draft.opaque('a statement of a kind that is not analysed', node.words.toLowerCase())
      break
  }
}

function readGrant(draft: FactsDraft, { kind, table }: Extract<StatementNode, { kind: 'grant' | 'revoke' }>): void {
  const object =
    table === undefined ? ({ type: 'other', name: 'privileges' } as const) : { type: 'table' as const, ...table }
  const onNew = table !== undefined && draft.made.hasTable(table)
  draft.change({ action: 'alter', object, what: kind, tightens: kind === 'revoke', onNew })
}
