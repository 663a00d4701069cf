import type { GivenDefault } from '@phasegate/core'
import type { ParsedStatement } from '../parse/parse-statements.js'

/** Every column that a CREATE TABLE or ALTER TABLE gives a value where an INSERT does not mention it. */
export function givenDefaults({ node }: ParsedStatement): readonly GivenDefault[] {
  if ('CreateStmt' in node) {
    const table = node.CreateStmt.relation?.relname ?? ''
    return (node.CreateStmt.tableElts ?? []).flatMap((element) => definedDefault(table, element))
  }
  if (!('AlterTableStmt' in node)) return []
  const table = node.AlterTableStmt.relation?.relname ?? ''
  return (node.AlterTableStmt.cmds ?? []).flatMap((command) => {
    if (!('AlterTableCmd' in command)) return []
    const { subtype, name, def } = command.AlterTableCmd
    if (subtype === 'AT_ColumnDefault' && def !== undefined) return [{ table, column: name ?? '' }]
    return subtype === 'AT_AddColumn' ? definedDefault(table, def) : []
  })
}

const SERIAL = /^(small|big)?serial[248]?$/

interface ColumnNode {
  readonly colname?: string
  readonly constraints?: readonly unknown[]
  readonly typeName?: { readonly names?: readonly { readonly String?: { readonly sval?: string } }[] }
}

const GIVES_VALUE = ['CONSTR_DEFAULT', 'CONSTR_IDENTITY', 'CONSTR_GENERATED']

function definedDefault(table: string, node: unknown): readonly GivenDefault[] {
  const column = (node as { ColumnDef?: ColumnNode } | undefined)?.ColumnDef
  const gives = (column?.constraints ?? []).some((constraint) => {
    const type = (constraint as { Constraint?: { contype?: string } }).Constraint?.contype
    return type !== undefined && GIVES_VALUE.includes(type)
  })
  const serial = column?.typeName?.names?.some((name) => SERIAL.test(name.String?.sval ?? '')) === true
  return gives || serial ? [{ table, column: column?.colname ?? '' }] : []
}
