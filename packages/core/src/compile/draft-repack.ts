import type { Repack } from '../authoring/operation.js'
import { tableReference } from '../operations/table-reference.js'
import { displayName, type ParsedStatement } from '../ports/sql-language.js'
import type { StepSource } from './step-draft.js'
import type { StepDraft, UnitScope } from './unit-scope.js'

/**
 * A step that an engine executes as a whole: its statement says nothing and is never run. The table is locked for a moment when the engine begins and when it swaps.
 */
export function draftRepack<S extends ParsedStatement>(
  operation: Repack,
  { allows, where, written, origin }: StepSource,
  { language, made }: UnitScope<S>,
): StepDraft<S> {
  const table = tableReference(operation.table, language.quoting)
  const lock = {
    mode: 'ACCESS EXCLUSIVE',
    tables: [displayName(table)],
    blocks: 'nothing',
    atEnds: 'reads and writes',
    duration: 'rewrite',
  } as const
  const object = { type: 'table', ...table } as const
  const onNew = made.hasTable(table)
  return {
    step: {
      statement: `-- ${written}`,
      written,
      origin,
      where,
      execution: {
        mode: 'alone',
        timeouts: 'watched',
        // To do it once more does no harm.
        probe: `SELECT 'absent'`,
        engine: { table, alter: '', traits: [], wanted: 'pg_repack', native: 'never' },
      },
      facts: {
        changes: [{ action: 'alter', object, what: 'repack', destroys: false, tightens: false, onNew }],
        lock,
        transactional: false,
      },
      allows,
      destroys: [],
    },
    parsed: undefined,
    onlyNew: false,
  }
}
