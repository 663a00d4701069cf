import type { EngineQuirk, EngineTable, EngineTask } from '@phasegate/core'
import type { RunFiles } from '../run-files.js'
import { FOREIGN_KEYS_METHOD, swapsByItself } from './foreign-keys.js'
import { oscNames } from './table-names.js'

/** Names of the files of a run. */
export const FILES = {
  credentials: 'client.cnf',
  /** Empty: what the machine has of its own for the tool would change what it does. */
  config: 'pt-osc.conf',
  /** There: it copies nothing. */
  pause: 'pause',
} as const

/** What waits for a lock keeps everybody waiting who comes after it: a second each time, and others have their turn in between. */
const LOCK_SECONDS = 1
const TRIES = [
  'create_triggers:30:3',
  'drop_triggers:30:3',
  'swap_tables:30:3',
  'update_foreign_keys:30:3',
  'copy_rows:100:0.5',
]
/** A pause may be long; the servers take no more (MySQL Reference Manual, `wait_timeout`). */
const IDLE_SECONDS = 31_536_000
/** By default it ends itself, days of work with it, where 50 sessions work at once: that is for our throttle to see. */
const NO_LOAD = 'Threads_running=100000000'

export interface OscCommand {
  readonly task: Pick<EngineTask, 'alter'>
  readonly table: EngineTable
  readonly files: Pick<RunFiles, 'path'>
  readonly quirks: readonly EngineQuirk[]
  readonly extra: readonly string[]
  /** Keep notes of how far it is; `after`: go on from those of this number. */
  readonly history?: { readonly after?: string }
}

/** What is to be done to the copy. To write a table anew as it is has a word of its own. */
export const alterOf = ({ alter }: Pick<EngineTask, 'alter'>): string => (alter === '' ? 'ENGINE=InnoDB' : alter)

/** Nothing secret is in it, nor where it connects. */
export function oscArguments({ task, table, files, quirks, extra, history }: OscCommand): readonly string[] {
  const given = new Set(extra.map(nameOf))
  return [
    // First, or it is not heeded.
    `--config=${files.path(FILES.config)}`,
    `--alter=${alterOf(task)}`,
    '--execute',
    // Else it takes another name where this one is there.
    `--new-table-name=${oscNames(table).copy}`,
    ...(swapsByItself(table)
      ? [`--alter-foreign-keys-method=${FOREIGN_KEYS_METHOD}`]
      : // The swap is ours: until then triggers keep the copy equal, whether the tool lives or not.
        ['--no-swap-tables', '--no-drop-triggers', '--no-drop-new-table', '--no-drop-old-table']),
    ...(history === undefined ? [] : ['--history', `--history-table=${table.schema}.${oscNames(table).history}`]),
    ...(history?.after === undefined ? [] : [`--resume=${history.after}`]),
    // Where replicas are, and how far they may lag, our throttle knows; the tool would try to log in to whatever it finds.
    '--recursion-method=none',
    // It tells its maker's server of ours.
    '--no-version-check',
    `--set-vars=${variables(quirks)}`,
    `--tries=${TRIES.join(',')}`,
    '--progress=time,5',
    `--pause-file=${files.path(FILES.pause)}`,
    ...(given.has('max-load') ? [] : [`--max-load=${NO_LOAD}`]),
    ...(given.has('critical-load') ? [] : [`--critical-load=${NO_LOAD}`]),
    ...extra,
    // Boundaries of chunks pass through the client: in another charset those of text keys would be other ones, and rows be lost.
    `D=${table.schema},t=${table.name},A=utf8mb4,F=${files.path(FILES.credentials)}`,
  ]
}

/**
 * MySQL 9.7 explains in another format by default, of which the tool reads an estimate of 0 rows; it then copies the whole table in
 * one statement, and every writer waits for its end (seen with 3.7.1 on 9.7.4).
 */
function variables(quirks: readonly EngineQuirk[]): string {
  return [
    `lock_wait_timeout=${LOCK_SECONDS}`,
    `innodb_lock_wait_timeout=${LOCK_SECONDS}`,
    `wait_timeout=${IDLE_SECONDS}`,
    ...(quirks.includes('explain format') ? ['explain_format=TRADITIONAL'] : []),
  ].join(',')
}

/** What a person may add: how it goes about it, not what it does. */
const OPEN = [
  'chunk-time',
  'chunk-size',
  'chunk-size-limit',
  'chunk-index',
  'chunk-index-columns',
  'sleep',
  'max-load',
  'critical-load',
  'statistics',
]

/** Of arguments that a person adds, those that may not be. */
export function takenArguments(extra: readonly string[]): readonly string[] {
  return extra.filter(
    (argument) => !OPEN.includes(nameOf(argument) ?? '') || (!argument.includes('=') && argument !== '--statistics'),
  )
}

/** What a person gives for one of those; undefined: its default. */
export function givenValue(extra: readonly string[], name: string): string | undefined {
  return extra.findLast((argument) => nameOf(argument) === name)?.split('=')[1]
}

const nameOf = (argument: string): string | undefined => /^--([^=]+)/.exec(argument)?.[1]
