/** Our tables in the target database. The last one is created last: while it is missing there is no journal. */
export const JOURNAL_TABLES = [
  'phasegate_unit',
  'phasegate_step',
  'phasegate_backfill_range',
  'phasegate_evidence',
  'phasegate_approval',
  'phasegate_build',
  'phasegate_instance',
  'phasegate_event',
  'phasegate_quarantine',
  'phasegate_journal',
] as const
