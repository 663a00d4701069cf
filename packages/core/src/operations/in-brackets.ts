/** An expression in brackets. A line comment at its end must not swallow the closing one. */
export function inBrackets(expression: string): string {
  return `(${expression}${expression.includes('--') ? '\n' : ''})`
}
