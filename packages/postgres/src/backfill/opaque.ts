/**
 * A condition inside CASE: it then cannot be matched to an index (nor to a partial one), so that what stands beside it is
 * all that the planner can use. An index on the condition's columns would be read from its start by each batch. The line
 * break ends a trailing `--` comment of the author's.
 */
export const opaque = (condition: string): string => `CASE WHEN (${condition}\n) THEN true ELSE false END`
