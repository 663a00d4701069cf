/**
 * Every rule by its id, with its title. Ids are fixed: authors write them into `allow`. Each has a page,
 * docs/rules/<id>.md.
 */
export const RULE_TABLE = {
  'PHASE.DESTROYS': 'Destructive statement outside contract',
  'PHASE.TIGHTENS': 'Tightening of an existing table or column in expand',
  'PHASE.WRITES': 'Rows of an existing table written outside the backfill',
  'INDEX.NOT_CONCURRENT': 'Index built on an existing table while others wait',
  'INDEX.BEFORE_BACKFILL': 'Index in expand on a column that the same migration fills',
  'COLUMN.NOT_NULL_SCAN': 'Column made NOT NULL by a scan that others wait for',
  'TABLE.REWRITE': 'Existing table rewritten under a lock that others wait for',
  'TABLE.LOCKED_SCAN': 'Existing table scanned under a lock that others wait for',
  'DROP.CASCADE': 'DROP or TRUNCATE with CASCADE',
  'APP_USES.UNDECLARED': 'SQL file with a backfill or contract that does not say what its code uses',
  'ALLOW.NO_REASON': 'Allow without a reason',
  'ALLOW.UNUSED': 'Allow that matches no finding',
} as const

export type RuleId = keyof typeof RULE_TABLE

export function isRuleId(text: string): text is RuleId {
  return Object.hasOwn(RULE_TABLE, text)
}
