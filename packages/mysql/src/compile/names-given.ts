import type { AlterClause, ParsedStatement } from '../parse/statement-tree.js'

/** Names of constraints and indexes that the statement itself gives; the server numbers the others. */
export function namesGiven({ node }: ParsedStatement): readonly string[] {
  switch (node.kind) {
    case 'create index':
      return given(node.index.name)
    case 'create table':
      return [
        ...node.indexes.flatMap(({ name }) => given(name)),
        ...node.foreignKeys.flatMap(({ name }) => given(name)),
        ...node.checks.flatMap(given),
      ]
    case 'alter table':
      return node.clauses.flatMap(nameInClause)
    default:
      return []
  }
}

function nameInClause(clause: AlterClause): readonly string[] {
  switch (clause.kind) {
    case 'add index':
      return given(clause.index.name)
    case 'add foreign key':
      return given(clause.foreignKey.name)
    case 'add check':
      return given(clause.name)
    default:
      return []
  }
}

function given(name: string | undefined): readonly string[] {
  return name === undefined ? [] : [name]
}
