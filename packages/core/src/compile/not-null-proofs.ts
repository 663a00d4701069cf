import type { DatabaseObject } from '../compiled/database-object.js'
import type { Change, StatementFacts } from '../compiled/statement-facts.js'

/** Which columns are proven to hold no NULL by a validated CHECK that is still there. */
export interface NotNullProofs {
  /** The facts of a statement, with a SET NOT NULL that has its proof known as what it is then: an instant. */
  apply(facts: StatementFacts): StatementFacts
}

interface Proof {
  readonly constraint: DatabaseObject
  readonly column: string
  validated: boolean
}

/** PostgreSQL docs: ALTER TABLE, SET NOT NULL: the scan is left out where a valid CHECK proves it (from 12 on). */
export function createNotNullProofs(): NotNullProofs {
  let proofs: Proof[] = []
  const isProven = ({ what, object }: Change): boolean =>
    what === 'set not null' &&
    proofs.some((proof) => proof.validated && proof.column === object.name && sameTable(proof.constraint, object))
  return {
    apply: (facts) => {
      const proven = facts.changes.length > 0 && facts.changes.every(isProven)
      for (const change of facts.changes) {
        const { action, object, provesNotNull } = change
        if (action === 'drop') proofs = proofs.filter((proof) => !isOf(proof, object))
        if (action === 'create' && provesNotNull !== undefined) {
          proofs.push({ constraint: object, column: provesNotNull, validated: facts.lock.duration === 'scan' })
        }
        if (action === 'validate') for (const proof of proofs) if (isOf(proof, object)) proof.validated = true
      }
      return proven ? { ...facts, lock: { ...facts.lock, duration: 'instant' } } : facts
    },
  }
}

/** Is the proof this object, or a part of it? */
function isOf({ constraint, column }: Proof, object: DatabaseObject): boolean {
  if (object.type === 'constraint') return object.name === constraint.name && sameTable(constraint, object)
  if (object.type === 'column') return object.name === column && sameTable(constraint, object)
  return object.type === 'table' && object.name === constraint.table && object.schema === constraint.schema
}

function sameTable(a: DatabaseObject, b: DatabaseObject): boolean {
  return a.table === b.table && a.schema === b.schema
}
