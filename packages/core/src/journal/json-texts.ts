/**
 * The JSON texts of an answer, one a row, whatever the driver, a name mapper or a row mode made of it:
 * `{ rows: [{ journal: '{…}' }] }`, `{ ROWS: [{ JOURNAL: '{…}' }] }`, `[['{…}']]`, `[[{ journal: '{…}' }], [field]]`.
 * Each once, also where a client answers with the same rows twice (Sequelize: `[results, metadata]`). Empty where there
 * is no row.
 */
export function jsonTexts(answer: unknown): readonly string[] {
  const texts = new Set<string>()
  collect(answer, 3, texts)
  return [...texts]
}

function collect(answer: unknown, depth: number, texts: Set<string>): void {
  if (typeof answer === 'string') {
    if (answer.startsWith('{')) texts.add(answer)
  } else if (answer instanceof Uint8Array) {
    // mysql2 gives bytes where an application has told it to cast nothing, or BLOBs alone, which long texts count as.
    if (answer[0] === OPENING_BRACE && answer[1] === QUOTE) texts.add(new TextDecoder().decode(answer))
  } else if (depth > 0 && typeof answer === 'object' && answer !== null) {
    for (const inner of Object.values(answer)) collect(inner, depth - 1, texts)
  }
}

const OPENING_BRACE = 0x7b
const QUOTE = 0x22
