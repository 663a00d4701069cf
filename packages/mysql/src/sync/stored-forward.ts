/** What `storedForwardDiffers` compares; all of it SQL. */
export interface StoredForward {
  /** The column as the row has it: `NEW.email_verified`. */
  readonly column: string
  /** A SELECT of forward(old) as its only column, named `<prefix>value`. */
  readonly forward: string
  /** The variable that is set to TRUE where they differ, else to FALSE. */
  readonly into: string
  readonly prefix: string
}

/**
 * Is the value of a column another one than forward(old) would be once it is stored there? The stored value has been cast
 * and rounded by then (`decimal(10,2)`, `datetime`, ENUM by number), and an uncast one would look like a change by the
 * writer, whose backward would then overwrite the original.
 *
 * There is no cast to the type of a column, and a variable of a type that the file cannot know would fail the writers once
 * the column is widened. But a recursive CTE takes its types from its first SELECT alone and stores the rows of the second
 * one into them (MySQL Reference Manual, "WITH (Common Table Expressions)"). The derived table in the first one keeps the
 * type whole: without it ENUM and SET become VARCHAR on MySQL, and FLOAT a DECIMAL on MariaDB (measured with 32 types).
 *
 * That takes half a millisecond a row, so a forward(old) that has the value and the text of the column already is not asked
 * again: stored, it would be the same. Those are nearly all rows of a backfill.
 */
export function storedForwardDiffers({ column, forward, into, prefix }: StoredForward): string {
  const value = `${prefix}value`
  const place = `${prefix}place`
  const stored = `${prefix}stored`
  return [
    `SELECT NOT ${sameValue(column, `${prefix}forward.${value}`)} INTO ${into} FROM (${forward}) AS ${prefix}forward;`,
    `IF ${into} THEN`,
    ...[
      `WITH RECURSIVE ${stored} (${place}, ${value}) AS (`,
      `  SELECT 1, ${prefix}given.${value} FROM (SELECT ${column} AS ${value}) AS ${prefix}given`,
      '  UNION ALL',
      `  SELECT 2, ${prefix}forward.${value} FROM (${forward}) AS ${prefix}forward, ${stored} WHERE ${place} = 1`,
      ')',
      `SELECT NOT ${sameValue(`a.${value}`, `b.${value}`)} INTO ${into}`,
      `FROM ${stored} AS a, ${stored} AS b WHERE a.${place} = 1 AND b.${place} = 2;`,
    ].map((line) => `  ${line}`),
    'END IF;',
  ].join('\n')
}

/**
 * Are two values of one type the same? By value and by bytes, knowing NULL: a change of case or of trailing blanks is a
 * change, and so is one of a FLOAT beyond the six digits that its text has.
 */
export function sameValue(a: string, b: string): string {
  return `(${a} <=> ${b} AND CAST(${a} AS BINARY) <=> CAST(${b} AS BINARY))`
}
