/** Any node of a syntax tree, or a part of one. */
export type AstValue = Record<string, unknown>

/**
 * Visits every object of a syntax tree, parents first, in written order. Returning `false` leaves out what is below. A
 * loop and not a recursion, since an expression of thousands of terms is a tree as deep.
 *
 * @param visit gets the object and the key under which its parent holds it (`FuncCall`, `relation`, `0`)
 */
export function walkAst(root: unknown, visit: (value: AstValue, key: string) => unknown): void {
  const pending: [string, unknown][] = [['', root]]
  for (let top = pending.pop(); top !== undefined; top = pending.pop()) {
    const [key, value] = top
    if (typeof value !== 'object' || value === null) continue
    if (!Array.isArray(value) && visit(value as AstValue, key) === false) continue
    for (const entry of Object.entries(value).reverse()) pending.push(entry)
  }
}
