import {
  describeSignal,
  displayName,
  type EngineChoice,
  type EngineName,
  type EngineTable,
  type EngineTask,
  isPhasegateError,
  type Session,
} from '@phasegate/core'
import type { Engine, Tool } from '../engine.js'
import { noEngine, noTable, programOf, unsupportedEngine } from '../engine-errors.js'
import type { DeskOptions } from './desk-options.js'

/**
 * So small a table is copied well within the statement timeout, which ends the copy where it is not. MariaDB and MySQL copy
 * some 100,000 rows a second where nothing else happens.
 */
const COPIED_AT_ONCE = { rows: 10_000, bytes: 8 * 1024 ** 2 }

/**
 * Who executes a task: the author's word first, then what the server can do by itself, then the size, then which tool is
 * here and can. Asks the catalog and `--version` of the tools; changes nothing.
 *
 * @throws `ENGINE.NONE`, `ENGINE.UNSUPPORTED`, `ENGINE.NO_TABLE`
 */
export async function chooseEngine(
  { target, engines, settings }: Pick<DeskOptions, 'target' | 'engines' | 'settings'>,
  session: Session,
  task: EngineTask,
): Promise<EngineChoice> {
  const { wanted } = task
  if (wanted === 'native') return { engine: 'native', reason: 'the migration file says so' }
  if (wanted !== 'auto') {
    if (!target.engine.engines.includes(wanted)) throw unsupportedEngine(wanted, target.engine.engines)
    return { engine: wanted, reason: 'the migration file or the configuration says so' }
  }
  if (task.native === 'instant') return { engine: 'native', reason: 'the server does it at once' }
  const table = await target.engine.inspect(session, task.table)
  if (table === undefined) throw noTable(displayName(task.table))
  const size = sizeInWords(table)
  if (task.native === 'in place' && !isLarge(table, settings.threshold))
    return { engine: 'native', reason: `the server builds it beside traffic, and the table is small (${size})` }
  if (task.native === 'copy' && isTiny(table))
    return { engine: 'native', reason: `the server copies it, which a table of ${size} takes no time for` }
  const against: string[] = []
  for (const name of settings.prefer.filter((one) => target.engine.engines.includes(one))) {
    const engine = engines.find((one) => one.name === name)
    if (engine === undefined) continue
    const reasons = await reasonsAgainst(engine, settings.tools[name] ?? {}, target, session, task, table)
    if (reasons.length === 0) return { engine: name, reason: whyChosen(task, size, against) }
    against.push(`${programOf(name)}: ${reasons.join(' ')}`)
  }
  if (task.native !== 'in place') throw noEngine(displayName(task.table), against)
  const left = against.length === 0 ? '' : `, and no engine can take it (${against.join('; ')})`
  return {
    engine: 'native',
    reason: `the server builds it beside traffic and needs its lock again at the end${left}; the table has ${size}`,
  }
}

async function reasonsAgainst(
  engine: Engine,
  settings: Parameters<Engine['probe']>[0],
  target: DeskOptions['target'],
  session: Session,
  task: EngineTask,
  table: EngineTable,
): Promise<readonly string[]> {
  let tool: Tool
  try {
    tool = await engine.probe(settings)
  } catch (error) {
    if (isPhasegateError(error)) return [error.message]
    throw error
  }
  return [...engine.refuses(task, table, tool), ...(await target.engine.unmet(session, table, engine.requirements))]
}

function whyChosen(task: EngineTask, size: string, against: readonly string[]): string {
  const why =
    task.native === 'copy' ? 'the server would copy it while writers wait' : 'the server would build it for long'
  return `${why}, and the table has ${size}${against.length === 0 ? '' : `; not ${against.join('; not ')}`}`
}

function isLarge({ rows, bytes }: EngineTable, threshold: { readonly bytes: number; readonly rows: number }): boolean {
  return bytes >= threshold.bytes || (rows !== null && rows >= threshold.rows)
}

function isTiny({ rows, bytes }: EngineTable): boolean {
  return rows !== null && rows <= COPIED_AT_ONCE.rows && bytes <= COPIED_AT_ONCE.bytes
}

/** `1.2 GB, about 3,000,000 rows` */
export function sizeInWords({ rows, bytes }: Pick<EngineTable, 'rows' | 'bytes'>): string {
  const size = describeSignal('bytes', bytes)
  return rows === null ? size : `${size}, about ${rows.toLocaleString('en-US')} rows`
}

export function engineNamed(engines: readonly Engine[], name: EngineName): Engine {
  const engine = engines.find((one) => one.name === name)
  if (engine === undefined) throw new Error(`there is no engine ${name}`)
  return engine
}
