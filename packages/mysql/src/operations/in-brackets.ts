/** An expression in brackets. A line comment at its end (`--` or `#`) must not swallow the closing one. */
export function inBrackets(expression: string): string {
  return `(${expression}${/--|#/.test(expression) ? '\n' : ''})`
}

/** The same, unless one pair of brackets is around the whole already. */
export function bracketed(expression: string): string {
  return isBracketed(expression) ? expression : inBrackets(expression)
}

function isBracketed(expression: string): boolean {
  if (!expression.startsWith('(')) return false
  const outside = expression.replace(/'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|`(?:[^`]|``)*`/gs, (quoted) =>
    ' '.repeat(quoted.length),
  )
  if (/--|#|\/\*/.test(outside)) return false
  let depth = 0
  for (let at = 0; at < outside.length; at++) {
    if (outside[at] === '(') depth++
    if (outside[at] === ')') depth--
    if (depth === 0) return at === outside.length - 1
  }
  return false
}
