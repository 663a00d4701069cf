/**
 * Marks in our own statements that tell how they run, since nothing else of a statement's text does. They are comments in
 * its middle, so that the plan and the journal show them.
 */

/** On an ADD FOREIGN KEY: runs with `foreign_key_checks` off; the step behind it looks at the rows that exist. */
export const UNCHECKED = '/* rows are checked by the next step */'

/** On a SELECT: each row that it finds is one that must not be, and fails the step. */
export const MUST_BE_EMPTY = '/* must find nothing */'
