/** What every user must look like: how the table was filled, and what was written since and answered. */
export class Truth {
  readonly rows: number
  readonly #changed = new Map<string, boolean>()
  #created = 0

  /** @param rows how many users there are at the start, with the ids from 1 on */
  constructor(rows: number) {
    this.rows = rows
  }

  get created(): number {
    return this.#created
  }

  isVerified(id: string): boolean {
    return this.#changed.get(id) ?? initiallyVerified(Number(id))
  }

  wrote(id: string, verified: boolean): void {
    this.#changed.set(id, verified)
  }

  createdUser(id: string, verified: boolean): void {
    this.#created++
    this.#changed.set(id, verified)
  }

  /** Every user that is not as the table was filled, or was written to. */
  changes(): ReadonlyMap<string, boolean> {
    return this.#changed
  }
}

/** A third of the users is verified at the start; `initiallyVerifiedSql` says the same in SQL. */
function initiallyVerified(id: number): boolean {
  return id % 3 === 0
}

/** @param id an SQL expression */
export function initiallyVerifiedSql(id: string): string {
  return `(${id}) % 3 = 0`
}
