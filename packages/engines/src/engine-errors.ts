import { type EngineName, type EngineRun, EXIT, type Leftovers, PhasegateError } from '@phasegate/core'
import type { UnprovenSwap } from './engine.js'

/** How each tool is called by people, and where it comes from. */
const TOOLS: Readonly<Record<EngineName, { readonly program: string; readonly get: string }>> = {
  'gh-ost': {
    program: 'gh-ost',
    get: "Install the release package of gh-ost (github.com/github/gh-ost/releases), or give its place: engines: { 'gh-ost': { path } }.",
  },
  'pt-osc': {
    program: 'pt-online-schema-change',
    get: "Install percona-toolkit (apt-get install percona-toolkit), or give its place: engines: { 'pt-osc': { path } }.",
  },
  pg_repack: {
    program: 'pg_repack',
    get: "Install the package of your server's major version (apt-get install postgresql-15-repack), or give its place: engines: { pg_repack: { path } }.",
  },
}

/** `pt-online-schema-change`, for messages. */
export const programOf = (engine: EngineName): string => TOOLS[engine].program

export function missingTool(engine: EngineName, looked: string): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.MISSING',
    message: `${programOf(engine)} is not on this machine: ${looked}.`,
    next: [TOOLS[engine].get],
    exit: EXIT.usage,
    meta: { engine },
  })
}

export function tooOld(engine: EngineName, version: string, why: string): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.TOO_OLD',
    message: `${programOf(engine)} ${version} is too old: ${why}.`,
    next: [TOOLS[engine].get],
    exit: EXIT.usage,
    meta: { engine, version },
  })
}

export function refusedBy(engine: EngineName, table: string, reasons: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.REFUSED',
    message: `${programOf(engine)} cannot take ${table}: ${reasons.join(' ')}`,
    next: [
      'Do what it says, or choose another engine: engine in the migration file, or engines.prefer in the configuration.',
    ],
    exit: EXIT.failed,
    meta: { engine, table, reasons },
  })
}

export function noEngine(table: string, reasons: readonly string[]): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.NONE',
    message: `The server can change ${table} only by copying it while writers wait, and there is no engine that can take it.`,
    why: reasons.join('\n'),
    next: [
      'Install one of them where this runs, or do what its reason says.',
      'Or write it as expand and contract: a new column, sync, backfill, drop.',
    ],
    exit: EXIT.usage,
    meta: { table, reasons },
  })
}

export function unsupportedEngine(engine: EngineName, works: readonly EngineName[]): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.UNSUPPORTED',
    message: `${programOf(engine)} does not work on this kind of database.`,
    next: [works.length === 0 ? 'Leave engine out.' : `Here work: ${works.join(', ')}. Or leave engine out.`],
    exit: EXIT.usage,
    meta: { engine, works },
  })
}

export function noTable(table: string): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.NO_TABLE',
    message: `There is no table ${table}.`,
    next: ['Correct its name; a view cannot be copied.'],
    exit: EXIT.failed,
    meta: { table },
  })
}

/** What is there was not left by a run of ours that the journal knows, so that nobody may take it away. */
export function strangeLeftovers(engine: EngineName, table: string, { triggers, tables }: Leftovers): PhasegateError {
  const names = [...triggers.map((name) => `trigger ${name}`), ...tables.map((name) => `table ${name}`)]
  return new PhasegateError({
    code: 'ENGINE.LEFTOVERS',
    message: `${programOf(engine)} cannot begin on ${table}: ${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} there already.`,
    why: 'Another run of it is at work, or left that behind; the journal knows nothing of it.',
    next: [
      'Make sure that no such tool runs on this table anywhere. Then drop the triggers first, the tables after them, and run the same command again.',
    ],
    exit: EXIT.failed,
    meta: { engine, table, triggers, tables },
  })
}

export function failedTool(
  run: Pick<EngineRun, 'engine' | 'version' | 'schema' | 'table'>,
  how: string,
  lines: readonly string[],
  after: 'removed' | 'resumes',
): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.FAILED',
    message: `${programOf(run.engine)} ${run.version} on ${run.schema}.${run.table} ${how}.`,
    ...(lines.length === 0 ? {} : { why: lines.join('\n') }),
    next: [
      after === 'removed'
        ? 'What it left was removed. Correct the cause, then run the same command again: it starts over.'
        : 'Correct the cause, then run the same command again: it goes on from the last rows that it had noted as copied.',
    ],
    exit: EXIT.failed,
    meta: { engine: run.engine, table: `${run.schema}.${run.table}` },
  })
}

export function unprovenSwap(
  run: Pick<EngineRun, 'engine' | 'schema' | 'table'>,
  { kept, differing }: UnprovenSwap,
): PhasegateError {
  const table = `${run.schema}.${run.table}`
  return new PhasegateError({
    code: 'ENGINE.UNPROVEN_SWAP',
    message: `${table} is swapped, and writes of that very moment may be missing in it: the table before it is kept as ${kept}.`,
    why: `${programOf(run.engine)} ended, or let go of the table, before it was seen that its RENAME came before every writer that waited; or its output is not on this machine.`,
    next: [
      `Bring over what is missing. Rows that differ, among them those that were written since: ${differing}`,
      `DROP TABLE \`${kept}\`; then run the same command again: it goes on, and does not say this a second time.`,
    ],
    exit: EXIT.failed,
    meta: { engine: run.engine, table, kept, differing },
  })
}

export function supervisedBy(table: string, owner: string): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.BUSY',
    message: `Another process supervises an engine on ${table}: ${owner}.`,
    next: ['phasegate cancel <unit> reaches it there; or stop that process first.'],
    exit: EXIT.lockBusy,
    meta: { table },
  })
}

export function onOtherMachine(table: string, owner: string): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.ELSEWHERE',
    message: `The engine on ${table} is at work on another machine: ${owner}.`,
    why: 'Its process cannot be stopped from here.',
    next: ['Run the command there, or end that process, then run it again.'],
    exit: EXIT.lockBusy,
    meta: { table },
  })
}

/** The tool is at work on another machine, as far as the server shows. */
export function elsewhere(run: EngineRun, session: string): string {
  return `${programOf(run.engine)} on ${run.host}${run.process === null ? '' : `, process ${run.process.pid}`} (${session})`
}
