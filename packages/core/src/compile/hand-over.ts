import type { StatementFacts } from '../compiled/statement-facts.js'
import type { EngineTask, TaskTrait } from '../engine/engine-task.js'
import type { ParsedStatement } from '../ports/sql-language.js'
import type { StepSource } from './step-draft.js'
import type { UnitScope } from './unit-scope.js'

/** What no engine can take, whoever asks for it. */
const NEVER: readonly TaskTrait[] = ['changes partitions', 'renames table']

/**
 * What an engine would have to do for this statement; undefined where none is to: a statement on a new table, one that its
 * author wants as it stands, one that the server does at once (unless an engine is asked for by name).
 */
export function handOver<S extends ParsedStatement>(
  parsed: S,
  facts: StatementFacts,
  source: StepSource,
  { language, engine }: UnitScope<S>,
): EngineTask | undefined {
  const asked = source.engine ?? 'auto'
  const wanted = asked === 'auto' ? engine : asked
  if (wanted === 'native' || (source.verbatim && wanted === 'auto')) return undefined
  if (source.origin === 'sync' || facts.changes.every((change) => change.onNew)) return undefined
  const task = language.engineTask?.(parsed)
  if (task === undefined || task.traits.some((trait) => NEVER.includes(trait))) return undefined
  return wanted === 'auto' && task.native === 'instant' ? undefined : { ...task, wanted }
}

/** With an engine, or so small that the statement timeout bounds it, nobody waits for a copy. */
export function handedOver(facts: StatementFacts, task: EngineTask | undefined): StatementFacts {
  if (task?.native !== 'copy') return facts
  const { instead: _instead, ...lock } = facts.lock
  return { ...facts, lock: { ...lock, blocks: 'nothing', atEnds: 'reads and writes' } }
}
