import type { UsedObject } from '@phasegate/core'
import { parser } from '../parse/parser.js'
import { type AstValue, walkAst } from '../parse/walk-ast.js'

export type Mention = 'no' | 'possible' | 'ours'

/** Names of ours in statements of ours: CTEs, aliases, and the journal's schema. No application has a reason to use them. */
const OURS = /^phasegate(_|$)/

/** What defines and maintains is not what an application uses. Where it reads for good, such as a view, it is a dependent. */
const DEFINITIONS: ReadonlySet<string> = new Set([
  'AlterTableStmt',
  'RenameStmt',
  'DropStmt',
  'IndexStmt',
  'ReindexStmt',
  'CommentStmt',
  'CreateTrigStmt',
  'CreateStatsStmt',
  'GrantStmt',
  'VacuumStmt',
  // What EXPLAIN ANALYZE runs is counted by itself, as a statement inside another.
  'ExplainStmt',
])

/**
 * May a statement use a table, or a column of it? By its syntax tree: it names the table, and the column, a `*`, the whole
 * row, or nothing at all where that means every column. What does not parse may.
 *
 * @param relations names under which the table's rows are reached: its own and those of its partitions
 */
export function mentions(text: string, object: UsedObject, relations: ReadonlySet<string>): Mention {
  let tree: unknown
  try {
    tree = parser().parseSync(text)
  } catch {
    // The server's grammar may be newer than ours.
    return 'possible'
  }
  const seen = readTree(tree, object, relations)
  if (seen.ours) return 'ours'
  if (!seen.table || seen.definition) return 'no'
  return object.column === undefined || seen.column ? 'possible' : 'no'
}

interface Seen {
  ours: boolean
  table: boolean
  column: boolean
  definition: boolean
}

function readTree(tree: unknown, object: UsedObject, relations: ReadonlySet<string>): Seen {
  const seen: Seen = { ours: false, table: false, column: false, definition: false }
  const rows = new Set(relations)
  // Aliases first: a whole row may be named before the FROM that gives it its name.
  walkAst(tree, (node, key) => {
    if (!isRelation(node, key) || !isTable(node, object, relations)) return
    const alias = (node.alias as AstValue | undefined)?.aliasname
    if (typeof alias === 'string') rows.add(alias)
  })
  walkAst(tree, (node, key) => {
    if (isRelation(node, key) && isTable(node, object, relations)) seen.table = true
    if (DEFINITIONS.has(key)) seen.definition = true
    if (namesOf(node).some((name) => OURS.test(name))) seen.ours = true
    if (readsColumn(node, key, object.column, rows)) seen.column = true
  })
  return seen
}

/** A RangeVar, whatever key its parent holds it under. */
function isRelation(node: AstValue, key: string): boolean {
  return typeof node.relname === 'string' && (key === 'RangeVar' || 'relpersistence' in node || 'inh' in node)
}

function isTable({ relname, schemaname }: AstValue, { schema }: UsedObject, relations: ReadonlySet<string>): boolean {
  return relations.has(String(relname)) && (schema === undefined || schemaname === undefined || schemaname === schema)
}

function readsColumn(node: AstValue, key: string, column: string | undefined, rows: ReadonlySet<string>): boolean {
  if (column === undefined) return false
  if (key === 'A_Star' || namesOf(node).includes(column)) return true
  if (key === 'JoinExpr' && node.isNatural === true) return true
  // Without a list of columns it is every column.
  if (key === 'InsertStmt' && node.cols === undefined) return true
  if (key === 'CopyStmt' && node.relation !== undefined && node.attlist === undefined) return true
  if (key !== 'ColumnRef' || !Array.isArray(node.fields)) return false
  const last = (node.fields.at(-1) as { readonly String?: { readonly sval?: string } } | undefined)?.String?.sval
  return last !== undefined && rows.has(last)
}

/** Every name that a node itself holds. Values are not among them: the statistics keep marks in their place. */
function namesOf(node: AstValue): readonly string[] {
  const { sval, name, colname, aliasname, ctename, relname, schemaname, ...rest } = node
  const attribute = rest.attname
  return [sval, name, colname, aliasname, ctename, relname, schemaname, attribute].filter(
    (one) => typeof one === 'string',
  )
}
