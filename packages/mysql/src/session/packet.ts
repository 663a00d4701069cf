import type { Session } from '@phasegate/core'

/** What goes before a statement in its packet, and then some. */
const HEAD = 1024

/** One row alone makes a statement that the server does not take: no batch is small enough for it. */
export class RowTooLarge extends Error {
  constructor(bytes: number, most: number) {
    super(`the values of this row make a statement of ${bytes} bytes; max_allowed_packet allows ${most} bytes`)
  }
}

/** Bytes of the longest statement that the server takes from this session. One that is longer it hangs up on (1153). */
export async function longestStatement(session: Session): Promise<number> {
  const [row] = await session.query<{ bytes: string | number }>('SELECT @@max_allowed_packet AS bytes')
  return Number(row?.bytes) - HEAD
}

/**
 * Statements for all rows, of which none is longer than the server takes: one where that will do, else halves, and halves
 * of those.
 *
 * @throws `RowTooLarge` where one row alone is too much
 */
export function statementsThatFit<R>(
  rows: readonly R[],
  most: number,
  statementFor: (rows: readonly R[]) => string,
): readonly string[] {
  const statement = statementFor(rows)
  const bytes = Buffer.byteLength(statement)
  if (bytes <= most) return [statement]
  if (rows.length === 1) throw new RowTooLarge(bytes, most)
  const half = Math.ceil(rows.length / 2)
  return [rows.slice(0, half), rows.slice(half)].flatMap((part) => statementsThatFit(part, most, statementFor))
}
