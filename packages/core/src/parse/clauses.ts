import type { Token } from '../ports/sql-language.js'

/** The text from the first to the last of these tokens, without comments before and after. */
export function textOf(text: string, tokens: readonly Token[]): string {
  const first = tokens[0]
  const last = tokens.at(-1)
  return first === undefined || last === undefined ? '' : text.slice(first.start, last.end)
}

/** Splits at commas that stand in no brackets. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] {
  const parts: Token[][] = [[]]
  for (const { token, depth } of withDepth(tokens)) {
    if (depth === 0 && token.text === ',') parts.push([])
    else parts.at(-1)!.push(token)
  }
  return parts
}

/** Index of the first token of that text (a symbol, or an unquoted keyword) outside of brackets; -1 if there is none. */
export function findToken(tokens: readonly Token[], wanted: string, from = 0): number {
  const all = withDepth(tokens)
  return all.findIndex(
    ({ token, depth }, index) => index >= from && depth === 0 && (token.keyword ?? token.text) === wanted,
  )
}

/** The tokens between the bracket at `open` and its partner. */
export function insideBrackets(tokens: readonly Token[], open: number): Token[] {
  const inside: Token[] = []
  let depth = 0
  for (const token of tokens.slice(open)) {
    if (token.text === '(') depth++
    if (token.text === ')') depth--
    if (depth === 0) return inside
    if (inside.length > 0 || token !== tokens[open]) inside.push(token)
  }
  return inside
}

/** How many brackets are open before each token; an opening one counts with what stands outside of it. */
function withDepth(tokens: readonly Token[]): { token: Token; depth: number }[] {
  let depth = 0
  return tokens.map((token) => {
    if (token.text === ')' || token.text === ']') depth--
    const at = depth
    if (token.text === '(' || token.text === '[') depth++
    return { token, depth: at }
  })
}
