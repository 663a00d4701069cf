import { describeMs, describeSignal, EXIT, type PlannedPace } from '@phasegate/core'
import type { Plan, PlanStep, PlanUnit } from '@phasegate/runner'
import { type Command, wordAt } from '../command.js'
import { annotationLine, appendJobSummary, markdownTable } from '../output/github.js'
import type { Output } from '../output/output.js'
import { runPlan } from '../verbs/plan.js'
import { flag, targetOptions } from './with-progress.js'

export const planCommand: Command = async (context) => {
  const phase = wordAt(context, 0)
  const { output } = context
  const plan = await runPlan({
    ...targetOptions(context),
    ...flag(context, 'out'),
    ...(phase === undefined ? {} : { phase }),
  })
  if (output.format === 'json') output.json({ ok: true, ...plan })
  else if (output.format === 'github') printGithub(plan, output)
  else for (const line of planLines(plan, output)) output.data(line)
  return EXIT.done
}

function planLines(plan: Plan, output: Output): readonly string[] {
  const { bold, dim } = output.out.colors
  const head = `plan for ${plan.target.database} (${plan.target.dialect} ${plan.target.serverVersion})`
  const rest = [
    ...plan.notes.map((note) => `note: ${note}`),
    ...(plan.foreign.length === 0 ? [] : [dim(`foreign units, left alone: ${plan.foreign.join(', ')}`)]),
  ]
  if (plan.units.length === 0) return [bold(head), 'nothing is pending', ...rest]
  return [
    bold(head),
    ...plan.units.flatMap((unit) => ['', ...unitLines(unit, output)]),
    ...(rest.length === 0 ? [] : ['', ...rest]),
  ]
}

function unitLines(unit: PlanUnit, output: Output): readonly string[] {
  const { bold, dim, green, red, yellow } = output.out.colors
  const paint = unit.state === 'ready' ? green : unit.state === 'drift' ? red : yellow
  const tables = unit.tables.map(
    ({ table, bytes, rows }) =>
      `${table} ${size(bytes)}${rows === null ? '' : `, about ${rows.toLocaleString('en-US')} rows`}`,
  )
  return [
    `${bold(unit.unit)} ${paint(unit.state)}${unit.resumes ? ', resumes' : ''}${unit.reason === null ? '' : `: ${unit.reason}`}`,
    ...unit.gates.checks.map((check) => `  gate ${check.name}: ${check.state}, ${check.reason}`),
    ...(tables.length === 0 ? [] : [dim(`  tables: ${tables.join('; ')}`)]),
    ...unit.steps.flatMap((step, index) => stepLines(step, unit.steps[index - 1], output)),
    ...backfillLines(unit),
    ...(unit.destroys.length === 0 ? [] : [red(`  cannot be undone: ${unit.destroys.join(', ')} will be gone`)]),
  ]
}

/** What was written above what will run, where the two differ; once for all the steps that it became. */
function stepLines(step: PlanStep, before: PlanStep | undefined, output: Output): readonly string[] {
  const { cyan, dim } = output.out.colors
  const changed = step.written !== step.statement && step.written !== before?.written
  const number = `${step.position + 1}.`.padEnd(3)
  return [
    ...(changed ? [dim(`  written: ${step.written.replace(/\s+/g, ' ')}`)] : []),
    `  ${number} ${cyan(step.statement.trim().replace(/\n/g, '\n      '))}${step.done ? ' (done)' : ''}`,
    dim(
      `      ${step.lock.mode}${step.lock.tables.length === 0 ? '' : ` on ${step.lock.tables.join(', ')}`}, ${step.lock.duration}: ${step.waits}`,
    ),
    ...(step.engine === null ? [] : [`      by ${step.engine.name}: ${step.engine.reason}`]),
    ...step.allows.map((allow) => dim(`      allowed ${allow.rule}: ${allow.reason}`)),
  ]
}

function backfillLines({ backfill, walk, pace }: PlanUnit): readonly string[] {
  if (backfill === null) return []
  return [
    `  in batches: ${backfill.written.replace(/\s+/g, ' ')}`,
    ...(walk === null ? [] : [`  walks the table ${walk}`]),
    ...(pace === null ? [] : paceLines(pace)),
    `  each row once: ${backfill.once ? 'declared' : 'running twice changes nothing'}; verified: ${backfill.verification}`,
  ]
}

function paceLines({ batchTime, maxRowsPerSecond, only, signals }: PlannedPace): readonly string[] {
  const bounds = [
    `batches of ${describeMs(batchTime)}`,
    ...(maxRowsPerSecond === null ? [] : [`at most ${maxRowsPerSecond.toLocaleString('en-US')} rows/s a process`]),
    ...(only.length === 0 ? [] : [`only ${only.join(' or ')}`]),
  ]
  const watched = signals.map(({ name, unit, limits: { soft, hard } }) => {
    const [slower, waits] = [soft, hard].map((limit) => (limit === null ? '-' : describeSignal(unit, limit)))
    return `${name} ${slower} / ${waits}`
  })
  return [
    `  pace: ${bounds.join(', ')}`,
    watched.length === 0 ? '  looks at nothing meanwhile' : `  slower at / waits at: ${watched.join(', ')}`,
  ]
}

function size(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}

function printGithub(plan: Plan, output: Output): void {
  for (const unit of plan.units.filter((one) => one.destroys.length > 0))
    output.data(
      annotationLine({ level: 'warning', title: `${unit.unit} cannot be undone`, message: unit.destroys.join(', ') }),
    )
  for (const note of plan.notes)
    output.data(annotationLine({ level: 'notice', title: 'phasegate plan', message: note }))
  const rows = plan.units.flatMap((unit) =>
    unit.steps.map((step) => [unit.unit, unit.state, step.statement, step.lock.mode, step.waits]),
  )
  appendJobSummary(
    `### phasegate plan\n\n${markdownTable(['unit', 'state', 'statement', 'lock', 'who waits'], rows)}`,
    process.env,
  )
}
