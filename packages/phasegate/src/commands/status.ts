import { EXIT, type ExitCode, PHASES, type UnitState } from '@phasegate/core'
import type { StatusDocument } from '@phasegate/status'
import { type Command, isSet, wordAt } from '../command.js'
import { describeBatches } from '../output/batch-histogram.js'
import { annotationLine, appendJobSummary, markdownTable } from '../output/github.js'
import type { Output } from '../output/output.js'
import { describeProgress } from '../output/progress-line.js'
import { renderTable } from '../output/table.js'
import { runStatus, statusExit } from '../verbs/status.js'
import { flag, targetOptions } from './with-progress.js'

export const statusCommand: Command = async (context) => {
  const migration = wordAt(context, 0)
  const { output } = context
  const document = await runStatus({
    ...targetOptions(context),
    ...flag(context, 'manifest'),
    ...(migration === undefined ? {} : { migration }),
  })
  const exit = isSet(context, 'check') ? statusExit(document, isSet(context, 'all')) : EXIT.done
  // The document itself, and nothing around it: a probe, a pipeline and a person read one thing.
  if (output.format === 'json') output.json(document)
  else if (output.format === 'github') printGithub(document, exit, output)
  else printHuman(document, output, migration !== undefined)
  return exit
}

/** @param named whether one migration was asked for, which is worth more lines */
function printHuman(document: StatusDocument, output: Output, named: boolean): void {
  const { journal, counts, verdict, reason } = document
  output.data(`${journal.database} (${journal.dialect} ${journal.serverVersion}): ${verdict}, ${reason}`)
  if (journal.held !== null) output.data(`every backfill is held by ${journal.held.actor.by}: ${journal.held.reason}`)
  if (document.migrations.length === 0) {
    output.data('no migrations')
    return
  }
  const rows = document.migrations.map(({ name, phases }) => [
    name,
    ...PHASES.map((phase) => {
      const view = phases[phase]
      return view === undefined ? '-' : `${paint(view.state, output)}${view.foreign ? ' (foreign)' : ''}`
    }),
  ])
  const columns = [{ title: 'migration' }, ...PHASES.map((title) => ({ title }))]
  for (const line of renderTable(columns, rows)) output.data(line)
  for (const { name, phases } of document.migrations)
    for (const phase of PHASES) {
      const view = phases[phase]
      if (view?.progress && view.state !== 'applied') output.data(`${name}:${phase} ${describeProgress(view.progress)}`)
      if (view?.quarantine)
        output.data(
          `${name}:${phase} rows in quarantine: ${view.quarantine.rows}, for example ${view.quarantine.sampleKeys.join(', ')}`,
        )
      if (view?.verified && named)
        output.data(
          `${name}:${phase} verified: ${view.verified.proof}, ${view.verified.rows} rows, ${view.verified.at}`,
        )
      if (view?.batches && named) for (const line of describeBatches(view.batches)) output.data(line)
      if (view?.error)
        output.data(
          `${name}:${phase} ${view.error.code}: ${[view.error.message, firstLine(view.error.why)].filter(Boolean).join(' ')}`,
        )
    }
  output.say(`pending: ${PHASES.map((phase) => `${counts[phase]} ${phase}`).join(', ')}`)
}

/** What the server said; the statement behind it may be a whole trigger, and `--json` has it. */
function firstLine(text: string | undefined): string | undefined {
  return text?.split('\n')[0]
}

function paint(state: UnitState, output: Output): string {
  const { dim, green, red, yellow } = output.out.colors
  if (state === 'applied') return green(state)
  if (state === 'failed') return red(state)
  return state === 'pending' ? dim(state) : yellow(state)
}

function printGithub(document: StatusDocument, exit: ExitCode, output: Output): void {
  const level = exit === EXIT.done ? 'notice' : exit === EXIT.pending ? 'warning' : 'error'
  output.data(annotationLine({ level, title: `phasegate: ${document.verdict}`, message: document.reason }))
  const rows = document.migrations.map(({ name, phases }) => [
    name,
    ...PHASES.map((phase) => phases[phase]?.state ?? '-'),
  ])
  appendJobSummary(
    `### phasegate status: ${document.verdict}\n\n${markdownTable(['migration', ...PHASES], rows)}`,
    process.env,
  )
}
