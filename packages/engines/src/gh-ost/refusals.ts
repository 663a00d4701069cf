import type { EngineTable, EngineTask } from '@phasegate/core'
import { misread } from './misread.js'
import { ghostTables } from './table-names.js'

/** What gh-ost neither quotes nor escapes (go/sql/builder.go, `EscapeName`; its DSN; `SHOW TABLE STATUS LIKE`). */
const UNSAFE_NAME = /[`'"\\%/?#&\s]/
/** In the address that gh-ost makes of it; everything else it escapes there, and then looks for the escaped name. */
const SAFE_DATABASE = /^[\w.~-]+$/

/** Why gh-ost may not do this to this table, each with the way out; known without asking it or the server. */
export function refusals({ alter, traits }: EngineTask, table: EngineTable): readonly string[] {
  const otherKeys = table.keys.filter((key) => !key.primary)
  const constraints = [
    ...table.references.map((one) => `${one.constraint} to ${one.table}`),
    ...table.referencedBy.map((one) => `${one.constraint} of ${one.table}`),
  ]
  const unsafe = [table.name, ...table.columns].filter((name) => UNSAFE_NAME.test(name))
  const text = misread(alter)
  return [
    ...(constraints.length > 0
      ? [`gh-ost takes no table with foreign keys on either side (${constraints.join(', ')}): take pt-osc.`]
      : []),
    ...(traits.includes('adds foreign key') ? ['gh-ost adds no foreign key: do that in a step of its own.'] : []),
    ...(table.triggers.length > 0
      ? [
          `gh-ost would give the triggers of the table other names (${table.triggers.map(({ name }) => name).join(', ')}): take pt-osc, or drop them before.`,
        ]
      : []),
    ...(table.keys.length === 0
      ? ['gh-ost needs a primary key, or a unique one without NULL: add one before.']
      : traits.includes('changes primary key') && otherKeys.length === 0
        ? [
            'gh-ost needs a unique key without NULL that is the same before and after: add one before the primary key changes.',
          ]
        : []),
    ...(traits.includes('renames column')
      ? [
          'gh-ost matches columns by name and would lose the values of one that is renamed: write it as expand and contract.',
        ]
      : []),
    ...(traits.includes('renames table') ? ['gh-ost renames no table: do that in a step of its own.'] : []),
    ...(traits.includes('changes partitions')
      ? [
          'gh-ost would change the partitions of the empty copy, not those of the table: let the server do it, engine native.',
        ]
      : []),
    ...(unsafe.length > 0
      ? [`gh-ost cannot quote ${unsafe.map((name) => JSON.stringify(name)).join(', ')}: take pt-osc, or rename before.`]
      : []),
    ...(SAFE_DATABASE.test(table.schema)
      ? []
      : [`gh-ost cannot connect to a database called ${JSON.stringify(table.schema)}: take pt-osc.`]),
    ...(ghostTables(table.name) === undefined
      ? ['gh-ost would cut the name of the table inside a character: take pt-osc.']
      : []),
    ...(text === undefined ? [] : [text]),
  ]
}
