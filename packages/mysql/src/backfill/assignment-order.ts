import type { CompiledBackfill } from '@phasegate/core'
import { readExpression } from '../parse/read-expression.js'
import { readInTurn } from './backfill-errors.js'

/**
 * The assignments in an order in which every expression sees the old row, as the standard has it and as it is compared
 * afterwards. The servers assign from left to right and read what was assigned before (MySQL Reference Manual, "UPDATE
 * Statement"; MariaDB has SIMULTANEOUS_ASSIGNMENT, MySQL nothing), so whoever reads a column goes before the one that sets
 * it. A column that a subquery reads counts too, though it may be another table's.
 *
 * @throws `BACKFILL.EXPRESSION` where two wait for each other
 */
export function assignmentOrder(backfill: CompiledBackfill): CompiledBackfill['set'] {
  const file = backfill.location?.file ?? ''
  let left = backfill.set.map((assignment) => ({
    assignment,
    column: assignment.column.toLowerCase(),
    reads: readExpression(assignment.expression, file).columns.map((column) => column.toLowerCase()),
  }))
  const ordered: CompiledBackfill['set'][number][] = []
  while (left.length > 0) {
    // The first that no other one wants to read any more.
    const next = left.find((one) => left.every((other) => other === one || !other.reads.includes(one.column)))
    if (next === undefined)
      throw readInTurn(
        backfill,
        left.map(({ assignment }) => assignment.column),
      )
    ordered.push(next.assignment)
    left = left.filter((one) => one !== next)
  }
  return ordered
}
