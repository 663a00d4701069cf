import type { StatementFacts, StepExecution } from '@phasegate/core'
import type { ParsedStatement, StatementNode } from '../parse/statement-tree.js'
import type { Capabilities } from '../server/capabilities.js'
import { foreignKeyProblem } from './foreign-key-problem.js'
import { MUST_BE_EMPTY, UNCHECKED } from './marks.js'
import { rowVersionsLeft } from './row-versions.js'
import { shrunkUniqueIndex } from './shrunk-index.js'
import { statementProbe } from './statement-probe.js'

/**
 * How a function of the author's runs: alone, since DDL inside it would commit a transaction half-way (MySQL Reference
 * Manual, "Statements That Cause an Implicit Commit"). Nothing tells whether one that was under way has happened.
 */
export const FUNCTION_EXECUTION: StepExecution = { mode: 'alone', timeouts: 'online' }

/**
 * How a statement runs, read from the statement itself and never declared by hand. DDL commits by itself, so it runs alone,
 * with a probe that asks the catalog what became of it; all else shares a transaction with its journal row. What reads or
 * writes a whole table has no statement timeout; all else is over in an instant or gives way.
 */
export function stepExecution(statement: ParsedStatement, facts: StatementFacts, can: Capabilities): StepExecution {
  const { node, text, otherwise } = statement
  const timeouts = isInstant(facts) ? 'short' : 'online'
  if (facts.transactional) {
    const query = node.kind === 'select' && text.includes(MUST_BE_EMPTY)
    return { mode: 'transaction', timeouts, ...(query ? { mustBeEmpty: true as const } : {}) }
  }
  const probe = statementProbe(node, text)
  const unchecked = text.includes(UNCHECKED) && isForeignKey(node)
  const precondition = preconditionOf(node, unchecked, can)
  return {
    mode: 'alone',
    timeouts,
    ...(probe === undefined ? {} : { probe }),
    ...(probe !== undefined && mayBeGone(node) ? { adopts: true as const } : {}),
    ...(otherwise === undefined ? {} : { otherwise }),
    ...(precondition === undefined ? {} : { precondition }),
    ...(unchecked ? { setting: WITHOUT_KEY_CHECKS } : {}),
    ...(wantsDefinition(node) ? { fromCatalog: true as const } : {}),
  }
}

/** The server copies the table to add a foreign key unless this is off. */
const WITHOUT_KEY_CHECKS = {
  on: 'SET SESSION foreign_key_checks = 0',
  off: 'SET SESSION foreign_key_checks = 1',
}

function preconditionOf(node: StatementNode, unchecked: boolean, can: Capabilities): string | undefined {
  if (node.kind !== 'alter table') return undefined
  const queries = [
    unchecked ? foreignKeyProblem(node) : undefined,
    shrunkUniqueIndex(node),
    rowVersionsLeft(node, can.rowVersions),
  ].filter((query) => query !== undefined)
  return queries.length > 1 ? `${queries.map((query) => `(${query})`).join(' UNION ALL ')} LIMIT 1` : queries[0]
}

function isInstant({ lock, changes }: StatementFacts): boolean {
  if (lock.duration === 'instant') return true
  return lock.blocks !== 'nothing' && changes.every((change) => change.onNew || change.action === 'read')
}

/**
 * `DROP … IF EXISTS` of columns, indexes and constraints: MySQL has it not, so the statement runs without it there
 * (`asItRuns`), and the probe, asked first, tells that there is nothing to drop.
 */
function mayBeGone(node: StatementNode): boolean {
  if (node.kind === 'drop index') return node.ifExists
  return node.kind === 'alter table' && node.clauses.every((clause) => 'ifExists' in clause && clause.ifExists)
}

function isForeignKey(node: StatementNode): boolean {
  return node.kind === 'alter table' && node.clauses.every(({ kind }) => kind === 'add foreign key')
}

/** `MODIFY COLUMN c <definition> NOT NULL`: completed right before it runs. */
function wantsDefinition(node: StatementNode): boolean {
  return (
    node.kind === 'alter table' && node.clauses.some(({ kind }) => kind === 'set not null' || kind === 'drop not null')
  )
}
