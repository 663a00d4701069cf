import { EXIT, PhasegateError } from '@phasegate/core'

export interface Comparison {
  /** As it was written: `< 0.01`. */
  readonly text: string
  /** Of NaN never. */
  holds(value: number): boolean
}

const OPERATORS = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b && !Number.isNaN(a),
} as const satisfies Record<string, (a: number, b: number) => boolean>

/**
 * Reads `< 0.01`, `<= 5`, `> 0`, `>= 1`, `== 0` or `!= 0`.
 *
 * @throws `GATE.COMPARISON`
 */
export function parseComparison(text: string): Comparison {
  const match = /^\s*(<=?|>=?|==|!=)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*$/i.exec(text)
  if (match === null) throw comparisonError(text)
  const holds = OPERATORS[match[1] as keyof typeof OPERATORS]
  const wanted = Number(match[2])
  return { text: `${match[1]} ${match[2]}`, holds: (value) => holds(value, wanted) }
}

function comparisonError(text: string): PhasegateError {
  return new PhasegateError({
    code: 'GATE.COMPARISON',
    message: `'${text}' is no comparison that a gate understands.`,
    why: 'A comparison is one of <, <=, >, >=, == and != and a number.',
    next: ["Write for example '< 0.01' or '== 0'."],
    exit: EXIT.usage,
  })
}
