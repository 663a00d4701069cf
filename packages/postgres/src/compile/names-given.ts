import type { ParsedStatement } from '../parse/parse-statements.js'
import { walkAst } from '../parse/walk-ast.js'

/** Names of constraints and indexes that the statement itself gives; the server numbers the others. */
export function namesGiven({ node }: ParsedStatement): readonly string[] {
  const given: string[] = []
  walkAst(node, ({ conname, idxname }) => {
    for (const name of [conname, idxname]) if (typeof name === 'string') given.push(name)
  })
  return given
}
