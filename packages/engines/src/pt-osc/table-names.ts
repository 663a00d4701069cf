import type { EngineTable, Leftovers } from '@phasegate/core'

/** MySQL Reference Manual, "Identifier Length Limits"; the tool cuts its names to it. */
const LONGEST = 64
/** The tool cuts what triggers are called to this, before `_ins`, `_upd` and `_del` (bin/pt-online-schema-change, `create_triggers`). */
const LONGEST_PREFIX = 60

/** What the tool calls its own: the copy is named by us, so that no other is taken where one of this name is there. */
export interface OscNames {
  readonly copy: string
  /** The table, after the swap. */
  readonly old: string
  readonly triggers: readonly string[]
  /** Its notes of how far it is. */
  readonly history: string
}

export function oscNames({ schema, name }: Pick<EngineTable, 'schema' | 'name'>): OscNames {
  const prefix = `pt_osc_${schema}_${name}`.replaceAll(/\W/g, '_').slice(0, LONGEST_PREFIX)
  return {
    copy: cut(`_${name}`, '_new'),
    old: `_${name}_old`.slice(0, LONGEST),
    triggers: ['ins', 'upd', 'del'].map((event) => `${prefix}_${event}`),
    history: cut(`_${name}`, '_osc'),
  }
}

/** The tool's own way would make the copy of a long name and its old table one. */
function cut(name: string, ending: string): string {
  return `${name.slice(0, LONGEST - ending.length)}${ending}`
}

/** Triggers before tables. */
export function leftoversOf(table: Pick<EngineTable, 'schema' | 'name'>): Leftovers {
  const { copy, old, triggers, history } = oscNames(table)
  return { triggers, tables: [copy, old, history] }
}
