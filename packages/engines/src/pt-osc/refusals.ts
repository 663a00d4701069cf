import type { EngineTable, EngineTarget, EngineTask, TaskTrait } from '@phasegate/core'
import type { Tool } from '../engine.js'
import { foreignKeyProblems } from './foreign-keys.js'
import { NEW_WORDS } from './probe.js'

/** It quotes others in half of its places, and takes a comma in one for the end of it (DSN). */
const PLAIN_NAME = /^[0-9A-Za-z_$-]+$/

const TRAITS: { readonly [trait in TaskTrait]?: string } = {
  'adds unique key':
    'pt-online-schema-change would leave out rows that break a new unique key, without a word: let the server build it, engine native.',
  'renames column':
    'pt-online-schema-change would lose the values of a renamed column where it misreads the clause: write it as expand and contract.',
  'changes primary key':
    'pt-online-schema-change follows rows by the key that would change: let the server do it, engine native.',
  'renames table': 'pt-online-schema-change renames no table: do that in a step of its own.',
  'changes partitions':
    'pt-online-schema-change would change the partitions of the empty copy, not those of the table: let the server do it, engine native.',
  'drops foreign key':
    'pt-online-schema-change gives constraints of its copy other names, so that this one would not be found: let the server drop it, which is quick, engine native.',
}

/** Why it may not do this to this table, each with the way out; known without asking it or the server. */
export function refusals({ traits }: EngineTask, table: EngineTable): readonly string[] {
  const names = [table.schema, table.name].filter((name) => !PLAIN_NAME.test(name))
  return [
    ...(table.keys.length === 0
      ? ['pt-online-schema-change needs a primary key, or a unique one without NULL: add one before.']
      : []),
    ...(table.triggers.length > 0
      ? [
          `pt-online-schema-change takes no table with triggers (${table.triggers.map(({ name }) => name).join(', ')}): drop them before${table.triggers.some(({ sync }) => sync) ? '; those of a sync go with the contract of its migration' : ''}.`,
        ]
      : []),
    ...traits.flatMap((trait) => TRAITS[trait] ?? []),
    ...foreignKeyProblems(table),
    ...(names.length > 0
      ? [
          `pt-online-schema-change cannot be given the name ${names.map((name) => JSON.stringify(name)).join(', ')}: rename it before, or take gh-ost.`,
        ]
      : []),
  ]
}

/** It sends statements that MySQL 8.4 does not know any more. */
export function versionProblem(
  { quirks = [], serverVersion = '' }: Pick<EngineTarget, 'quirks' | 'serverVersion'>,
  { version, features }: Pick<Tool, 'version' | 'features'>,
): readonly string[] {
  if (!quirks.includes('no old words') || features.has(NEW_WORDS)) return []
  return [
    `pt-online-schema-change ${version} does not know a server of version ${serverVersion}: install 3.7.0 or newer, or give its place: engines: { 'pt-osc': { path } }.`,
  ]
}
