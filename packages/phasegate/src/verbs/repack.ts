import {
  type EngineCheck,
  type EngineRun,
  type EngineTable,
  type EngineTask,
  EXIT,
  PhasegateError,
  type Session,
} from '@phasegate/core'
import { readSettings, requireDatabase } from '../config/read-settings.js'
import { ensureUnderLock } from '../target/ensure-journal.js'
import { actorOf, connectRunner, type OpenRunner, type TargetOptions } from '../target/open-runner.js'
import { REPACK_RUN, standingRepacks, type TableBytes } from './repack-runs.js'
import { readTableArgument } from './table-argument.js'

export interface RepackOptions extends TargetOptions {
  /** `users`, `billing.invoice`; names as the catalog holds them. */
  readonly table: string
  /** Ask everything, start nothing. */
  readonly dryRun?: boolean
  /** Told what was found before the tool starts. */
  readonly onCheck?: (check: EngineCheck) => void
}

export interface RepackResult {
  readonly table: string
  readonly tool: { readonly path: string; readonly version: string }
  readonly before: TableBytes
  /** Null after a dry run. */
  readonly after: TableBytes | null
  /** ms; null after a dry run. */
  readonly ms: number | null
  /** What it is given; where and as whom it connects is in its environment. */
  readonly arguments: readonly string[]
  /** What it may meet although it may start. */
  readonly remarks: readonly string[]
}

/**
 * Writes a table anew beside traffic with pg_repack, right now and outside of any migration, and waits for the end. What an
 * earlier call began that was killed is taken up, or removed and begun again. When the signal is aborted the tool is
 * stopped and nothing is left of it.
 *
 * @throws `ENGINE.UNSUPPORTED`, `ENGINE.NO_TABLE`, `ENGINE.MISSING`, `ENGINE.TOO_OLD`, `ENGINE.REFUSED`,
 *   `ENGINE.LEFTOVERS`, `ENGINE.FAILED` also where the tool skipped the table, `ENGINE.BUSY`
 *
 * @example
 * const { before, after } = await runRepack({ table: 'users' })
 */
export async function runRepack(options: RepackOptions): Promise<RepackResult> {
  const settings = await readSettings(options)
  requireDatabase(settings)
  const table = readTableArgument(options.table)
  const task: EngineTask = { table, alter: '', traits: [], wanted: 'pg_repack', native: 'never' }
  // Aborted, a supervisor leaves its tool at work; this one is to take it along.
  const { signal, ...others } = options
  return connectRunner({ settings, loaded: [], beforehand: [] }, others, async (runner) => {
    const session = await runner.target.openSession('repack')
    try {
      signal?.throwIfAborted()
      return await repack(options, runner, session, task)
    } finally {
      await session.close()
    }
  })
}

async function repack(
  options: RepackOptions,
  runner: OpenRunner,
  session: Session,
  task: EngineTask,
): Promise<RepackResult> {
  const { target, context, settings } = runner
  const desk = context.engines
  await target.assertUsable(session)
  const check = await desk.check(session, task, 'pg_repack')
  const { table, tool, remarks } = check
  const name = `${table.schema}.${table.name}`
  const { refusedBy, repackArguments } = await import('@phasegate/engines')
  const extra = settings.engines.tools.pg_repack?.arguments ?? []
  const found = {
    table: name,
    tool: { path: tool.path, version: tool.version },
    arguments: repackArguments(table, tool, extra),
    remarks,
  }
  if (options.dryRun === true) {
    options.onCheck?.(check)
    if (check.reasons.length > 0) throw refusedBy('pg_repack', name, check.reasons)
    return { ...found, before: bytesOf(table), after: null, ms: null }
  }
  await ensureUnderLock(runner, session)
  const standing = (await standingRepacks(target, session)).find((one) => one.table === name)
  const run = standing?.run ?? null
  if (run === null) options.onCheck?.(check)
  const before = standing?.before ?? bytesOf(table)
  const actor = actorOf(options)
  const started = performance.now()
  const record = (on: Session, current: EngineRun | null): Promise<void> =>
    target.journal.append(on, null, REPACK_RUN, { table: name, run: current, before }, actor)
  const outcome = await desk.run({
    unit: null,
    task,
    engine: 'pg_repack',
    run,
    record,
    finish: (on) => record(on, null),
    attach: async () => {},
    report: async () =>
      options.signal?.aborted === true
        ? { action: 'cancel', reason: 'stopped by a signal' }
        : { action: 'go on', reason: '' },
    mayCutOver: async () => undefined,
  })
  if (outcome.state === 'busy') throw busy(name, outcome.owner)
  if (outcome.state === 'cancelled') throw options.signal?.reason
  const after = await target.engine.inspect(session, table)
  return {
    ...found,
    before,
    after: after === undefined ? null : bytesOf(after),
    ms: Math.round(performance.now() - started),
  }
}

function bytesOf({ bytes, indexBytes = 0 }: EngineTable): TableBytes {
  return { table: bytes - indexBytes, indexes: indexBytes, total: bytes }
}

function busy(table: string, owner: string): PhasegateError {
  return new PhasegateError({
    code: 'ENGINE.BUSY',
    message: `${table} is being worked on already, by ${owner}.`,
    next: ['Wait for its end, or stop it there.'],
    exit: EXIT.lockBusy,
    meta: { table, owner },
  })
}
