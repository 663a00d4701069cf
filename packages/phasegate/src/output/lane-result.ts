import { EXIT, type ExitCode, unitName } from '@phasegate/core'
import type { LaneResult, UnitOutcome } from '@phasegate/runner'
import { type Annotation, annotationLine, appendJobSummary, markdownTable } from './github.js'
import type { Output } from './output.js'
import { renderTable } from './table.js'

/** Prints how each unit of a run ended, in the format that was asked for, and gives the exit code. */
export function printLaneResult(result: LaneResult, output: Output): ExitCode {
  if (output.format === 'json') {
    const units = result.units.map(({ unit, ...rest }) => ({ unit: unitName(unit), ...rest }))
    output.json({ ok: result.exit === EXIT.done, phase: result.phase, exit: result.exit, units })
  } else if (output.format === 'github') printGithub(result, output)
  else printHuman(result, output)
  return result.exit
}

function printHuman(result: LaneResult, output: Output): void {
  if (result.units.length === 0) {
    output.data(`${result.phase}: nothing to do`)
    return
  }
  const rows = result.units.map((unit) => [unitName(unit.unit), colored(unit, output), firstLine(unit)])
  for (const line of renderTable([{ title: 'unit' }, { title: 'outcome' }, { title: '' }], rows)) output.data(line)
  for (const unit of result.units) for (const line of details(unit)) output.data(line)
}

function colored(unit: UnitOutcome, output: Output): string {
  const { green, red, yellow } = output.out.colors
  if (unit.outcome === 'applied' || unit.outcome === 'reverted') return green(unit.outcome)
  return unit.outcome === 'failed' || unit.outcome === 'drift' ? red(unit.outcome) : yellow(unit.outcome)
}

function firstLine(unit: UnitOutcome): string {
  if (unit.outcome === 'held' || unit.reason === unit.outcome) return ''
  return unit.error === undefined ? unit.reason : `${unit.error.code}: ${unit.error.message}`
}

/** What holds, what failed, and what to do next. */
function details(unit: UnitOutcome): readonly string[] {
  const name = unitName(unit.unit)
  if (unit.outcome === 'held') {
    const closed = (unit.checks ?? []).filter((check) => check.state !== 'open')
    if (closed.length === 0) return ['', `${name} is held: ${unit.reason}`]
    return ['', `${name} is held:`, ...closed.map((check) => `  ${check.name} ${check.state}: ${check.reason}`)]
  }
  if (unit.error === undefined) return []
  return [
    '',
    `${name}:`,
    ...(unit.error.why === undefined ? [] : [`  ${unit.error.why}`]),
    ...unit.error.next.map((next) => `  → ${next}`),
  ]
}

function printGithub(result: LaneResult, output: Output): void {
  for (const unit of result.units) {
    if (unit.exit === EXIT.done) continue
    const held = unit.outcome === 'held' || unit.outcome === 'blocked'
    const annotation: Annotation = {
      level: held ? 'warning' : 'error',
      title: `${unitName(unit.unit)} ${unit.outcome}`,
      message: unit.reason,
      ...(unit.error?.where === undefined ? {} : { where: unit.error.where }),
    }
    output.data(annotationLine(annotation))
  }
  const rows = result.units.map((unit) => [unitName(unit.unit), unit.outcome, unit.reason])
  const table = rows.length === 0 ? 'nothing to do' : markdownTable(['unit', 'outcome', ''], rows)
  appendJobSummary(`### phasegate ${result.phase}\n\n${table}`, process.env)
}
