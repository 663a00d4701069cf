import type { EngineTask, TaskTrait } from '@phasegate/core'
import { UNCHECKED } from '../compile/marks.js'
import { AGAIN, statementProbe } from '../compile/statement-probe.js'
import { alterTableWork, indexWork, requestedWork, type Work } from '../parse/clause-work.js'
import type { AlterClause, AlterTable, ParsedStatement } from '../parse/statement-tree.js'
import { quoteName } from '../quoting.js'
import type { Capabilities } from '../server/capabilities.js'

/** Completed from the catalog right before they run, so that there is no text yet that an engine could be given. */
const COMPLETED_LATER: readonly AlterClause['kind'][] = ['set not null', 'drop not null']

/**
 * An ALTER TABLE, or the index that a CREATE INDEX builds, as an engine would be given it; undefined for everything else and
 * for what its author has said how to run (ALGORITHM).
 *
 * What a MODIFY or CHANGE takes depends on what the column is today, which no file says: the server is asked to do it at
 * once, and on a small table in place, and refuses where it would have to copy (MySQL Reference Manual, "Online DDL
 * Operations"; errors 1845, 1846).
 *
 * @param statement as it runs
 */
export function engineTask(statement: ParsedStatement, can: Capabilities): Omit<EngineTask, 'wanted'> | undefined {
  const { node, text } = statement
  if (node.kind === 'create index') {
    const { index, table } = node
    if (index.name === undefined || (node.online.algorithm ?? 'DEFAULT') === 'COPY') return undefined
    const kind = index.kind === 'index' ? '' : `${index.kind.toUpperCase()} `
    const using = index.using === undefined ? '' : `USING ${index.using} `
    const alter = `ADD ${kind}INDEX ${quoteName(index.name)} ${using}(${index.columnsText}) ${index.options}`.trim()
    const traits: readonly TaskTrait[] = index.kind === 'unique' ? ['adds unique key'] : []
    return {
      table,
      alter,
      traits,
      native: nativeOf(requestedWork(indexWork(index), node.online, can)),
      ...probeOf(statement),
    }
  }
  if (node.kind !== 'alter table' || text.includes(UNCHECKED) || isAuthors(node)) return undefined
  if (node.clauses.length === 0 || node.clauses.some(({ kind }) => COMPLETED_LATER.includes(kind))) return undefined
  return {
    table: node.table,
    alter: node.clauses.map((clause) => clause.text).join(', '),
    traits: [...new Set(node.clauses.flatMap(traitsOf))],
    native: nativeOf(alterTableWork(node, can)),
    ...probeOf(statement),
    ...(node.clauses.some(({ kind }) => kind === 'change column')
      ? { instantly: `${text}, ALGORITHM=INSTANT`, inPlace: `${text}, ALGORITHM=INPLACE, LOCK=NONE` }
      : {}),
  }
}

/** Only what asItRuns puts there itself leaves the choice to us. */
function isAuthors({ clauses, online }: AlterTable): boolean {
  const named = (online.algorithm ?? 'DEFAULT') !== 'DEFAULT' || (online.lock ?? 'DEFAULT') !== 'DEFAULT'
  return named && clauses.some(({ kind }) => kind === 'change column')
}

function nativeOf({ duration, blocksWrites }: Work): EngineTask['native'] {
  if (duration === 'instant') return 'instant'
  return blocksWrites ? 'copy' : 'in place'
}

function probeOf({ node, text }: ParsedStatement): { readonly probe?: string } {
  const probe = statementProbe(node, text)
  return probe === undefined || probe === AGAIN ? {} : { probe }
}

function traitsOf(clause: AlterClause): readonly TaskTrait[] {
  switch (clause.kind) {
    case 'add column': {
      const { unique, primary, references } = clause.column
      return [
        ...(unique ? (['adds unique key'] as const) : []),
        ...(primary ? (['changes primary key'] as const) : []),
        ...(references === undefined ? [] : (['adds foreign key'] as const)),
      ]
    }
    case 'rename column':
      return ['renames column']
    case 'change column': {
      const { name, notNull, unique, primary } = clause.definition
      return [
        ...(name.toLowerCase() === clause.column.toLowerCase() ? [] : (['renames column'] as const)),
        ...(notNull ? (['sets not null'] as const) : []),
        ...(unique ? (['adds unique key'] as const) : []),
        ...(primary ? (['changes primary key'] as const) : []),
      ]
    }
    case 'add index':
      return clause.index.kind === 'unique' ? ['adds unique key'] : []
    case 'add primary key':
    case 'drop primary key':
      return ['changes primary key']
    case 'add foreign key':
      return ['adds foreign key']
    // DROP CONSTRAINT may be one of any kind.
    case 'drop foreign key':
    case 'drop constraint':
      return ['drops foreign key']
    case 'rename table':
      return ['renames table']
    case 'partition':
      return ['changes partitions']
    default:
      return []
  }
}
