import { describeObject } from '@phasegate/core'
import { concernsExisting, makesOthersWait } from '../existing.js'
import { isProvenNotNull, isSetNotNull } from '../proves-not-null.js'
import type { Rule } from '../rule.js'

/** PostgreSQL docs: ALTER TABLE, SET NOT NULL: a valid CHECK constraint that proves it spares the scan. */
export const columnNotNullScan: Rule = {
  id: 'COLUMN.NOT_NULL_SCAN',
  check: (context) => {
    // MySQL and MariaDB build the table anew beside traffic; where they cannot, it is TABLE.REWRITE.
    if (!makesOthersWait(context.step) || context.step.facts.lock.duration === 'rewrite') return undefined
    const change = context.step.facts.changes.find(
      (each) => isSetNotNull(each) && concernsExisting(each) && !isProvenNotNull(context, each),
    )
    if (change === undefined) return undefined
    return {
      severity: 'error',
      message: `set not null on ${describeObject(change.object)} has no validated check before it.`,
      why: `The whole table is scanned under the lock ${context.step.facts.lock.mode}, and every read and write of it waits.`,
      instead: `ops.setNotNull('${change.object.table ?? '<table>'}', '${change.object.name}'), or the raw statement without -- verbatim: both let the rows be checked first, beside traffic.`,
    }
  },
}
