import type { StatementFacts } from '@phasegate/core'
import type { Constraint, Node } from 'libpg-query'
import { strings } from '../names.js'

/**
 * Adds to the creation of a named CHECK which column it proves to be not null: `c IS NOT NULL`, alone or as a part of an
 * AND, is what PostgreSQL looks for before SET NOT NULL (source: ConstraintImpliedByRelConstraint).
 */
export function withProvenColumns(node: Node, facts: StatementFacts): StatementFacts {
  const checks = new Map(addedChecks(node).map((check) => [check.conname, provenColumn(check.raw_expr)]))
  if (checks.size === 0) return facts
  return {
    ...facts,
    changes: facts.changes.map((change) => {
      const created = change.action === 'create' && change.object.type === 'constraint'
      const column = created ? checks.get(change.object.name) : undefined
      return column === undefined ? change : { ...change, provesNotNull: column }
    }),
  }
}

function addedChecks(node: Node): readonly Constraint[] {
  if (!('AlterTableStmt' in node)) return []
  return (node.AlterTableStmt.cmds ?? []).flatMap((command) => {
    const def = 'AlterTableCmd' in command ? command.AlterTableCmd.def : undefined
    const check = def !== undefined && 'Constraint' in def ? def.Constraint : undefined
    return check?.contype === 'CONSTR_CHECK' && check.is_enforced === true ? [check] : []
  })
}

function provenColumn(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR') {
    for (const part of node.BoolExpr.args ?? []) {
      const column = provenColumn(part)
      if (column !== undefined) return column
    }
  }
  if (!('NullTest' in node) || node.NullTest.nulltesttype !== 'IS_NOT_NULL') return undefined
  const { arg } = node.NullTest
  return arg !== undefined && 'ColumnRef' in arg ? strings(arg.ColumnRef.fields).at(-1) : undefined
}
