import type { Rule } from './rule.js'
import { columnNotNullScan } from './rules/column-not-null-scan.js'
import { dropCascade } from './rules/drop-cascade.js'
import { indexBeforeBackfill } from './rules/index-before-backfill.js'
import { indexNotConcurrent } from './rules/index-not-concurrent.js'
import { phaseDestroys } from './rules/phase-destroys.js'
import { phaseTightens } from './rules/phase-tightens.js'
import { phaseWrites } from './rules/phase-writes.js'
import { tableLockedScan } from './rules/table-locked-scan.js'
import { tableRewrite } from './rules/table-rewrite.js'

/** The rules that look at statements, in the order in which their findings are shown. */
export const STATEMENT_RULES: readonly Rule[] = [
  phaseDestroys,
  phaseTightens,
  phaseWrites,
  indexNotConcurrent,
  indexBeforeBackfill,
  columnNotNullScan,
  tableRewrite,
  tableLockedScan,
  dropCascade,
]
