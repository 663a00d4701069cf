import { EXIT, findUnit, PhasegateError, systemClock, type UnitName, unitName } from '@phasegate/core'
import { parseDuration } from '../config/duration.js'
import { unitMissing } from '../load/load-errors.js'
import { resolveUnit } from '../load/resolve-unit.js'
import { type TargetOptions, withRunner, withSession } from '../target/open-runner.js'
import { askGatesOf } from './gate.js'
import { knownMigrations } from './status.js'

export interface WaitOptions extends TargetOptions {
  /** `<unit>` until it is applied, `gate:<unit>` until its gates are open. */
  readonly for: string
  /** Default `10m`. */
  readonly timeout?: string
}

export interface WaitResult {
  readonly unit: UnitName
  readonly waitedMs: number
}

const LOOK_EVERY = 1_000

/** Waits. Throws `WAIT.TIMEOUT` (exit 4), `WAIT.FAILED` (exit 9) where the unit failed meanwhile. */
export function runWait(options: WaitOptions): Promise<WaitResult> {
  const timeout = readTimeout(options.timeout)
  return options.for.startsWith('gate:') ? waitForGate(options, timeout) : waitForUnit(options, timeout)
}

function waitForGate(options: WaitOptions, timeout: number): Promise<WaitResult> {
  return withRunner(options, async (runner) =>
    poll(options, timeout, async () => {
      const [answer] = await askGatesOf(runner, options.for.slice('gate:'.length))
      if (answer === undefined) throw new Error('a named unit has an answer')
      const said = answer.checks
        .filter((check) => check.state !== 'open')
        .map((check) => `${check.name}: ${check.reason}`)
      return { unit: answer.unit, there: answer.state === 'open', state: said.join('; ') }
    }),
  )
}

function waitForUnit(options: WaitOptions, timeout: number): Promise<WaitResult> {
  return withSession(options, 'wait', async (session, target, settings) => {
    const known = (await knownMigrations(settings)) ?? []
    return poll(options, timeout, async () => {
      const snapshot = await target.journal.read(session)
      const names = [...known.map((one) => one.name), ...snapshot.units.map((unit) => unit.migration)]
      const id = resolveUnit(options.for, [...new Set(names)])
      const record = findUnit(snapshot, id.migration, id.phase)
      const file = known.find((one) => one.name === id.migration)
      if (record === undefined && file !== undefined && !file.phases.includes(id.phase)) throw unitMissing(unitName(id))
      if (record?.state === 'failed') throw unitFailed(unitName(id), record.error?.message ?? '')
      return { unit: unitName(id), there: record?.state === 'applied', state: record?.state ?? 'pending' }
    })
  })
}

async function poll(
  options: WaitOptions,
  timeout: number,
  look: () => Promise<{ readonly unit: UnitName; readonly there: boolean; readonly state: string }>,
): Promise<WaitResult> {
  const started = systemClock.now()
  for (;;) {
    const { unit, there, state } = await look()
    const waitedMs = Math.round(systemClock.now() - started)
    if (there) return { unit, waitedMs }
    if (waitedMs >= timeout) throw timedOut(options.for, waitedMs, state)
    await systemClock.sleep(Math.min(LOOK_EVERY, Math.max(1, timeout - waitedMs)), options.signal)
  }
}

function readTimeout(text: string | undefined): number {
  const ms = parseDuration(text ?? '10m')
  if (ms !== undefined) return ms
  throw new PhasegateError({
    code: 'VERB.USAGE',
    message: `--timeout '${text}' is not a duration.`,
    next: ["Write it as '10m' or '90s'."],
    exit: EXIT.usage,
  })
}

function timedOut(what: string, waitedMs: number, state: string): PhasegateError {
  return new PhasegateError({
    code: 'WAIT.TIMEOUT',
    message: `Waited ${Math.round(waitedMs / 1000)} s for ${what}.`,
    why: `It is ${state}.`,
    next: [`phasegate status`, `phasegate wait --for ${what} --timeout 1h`],
    exit: EXIT.pending,
  })
}

function unitFailed(unit: UnitName, said: string): PhasegateError {
  return new PhasegateError({
    code: 'WAIT.FAILED',
    message: `${unit} failed: ${said}`,
    next: [`phasegate status ${unit.slice(0, unit.lastIndexOf(':'))}`],
    exit: EXIT.failed,
  })
}
