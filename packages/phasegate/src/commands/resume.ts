import { EXIT } from '@phasegate/core'
import { type Command, type CommandContext, textFlag, wordAt } from '../command.js'
import { verbUsage } from '../verb-errors.js'
import { type ResumeOptions, runResume } from '../verbs/control.js'
import { flag, targetOptions } from './with-progress.js'

export const resumeCommand: Command = async (context) => {
  const migration = wordAt(context, 0)
  const { unit, action, state } = await runResume({
    ...targetOptions(context),
    ...flag(context, 'reason'),
    ...(migration === undefined ? {} : { migration }),
    ...paceOf(context, migration),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, unit, action, state })
  else
    context.output.data(
      unit === null ? `every backfill of this database is ${state}` : `${unit} was ${state}: ${action} asked for`,
    )
  return EXIT.done
}

function paceOf(context: CommandContext, migration: string | undefined): Pick<ResumeOptions, 'pace'> {
  const text = textFlag(context, 'maxRowsPerSecond')
  if (text === undefined) return {}
  if (migration === undefined)
    throw verbUsage('--max-rows-per-second is about one migration: name it.', 'phasegate resume --help')
  if (text === 'none') return { pace: { maxRowsPerSecond: null } }
  if (/^[1-9]\d*$/.test(text)) return { pace: { maxRowsPerSecond: Number(text) } }
  throw verbUsage(
    `--max-rows-per-second is a whole number of rows above 0, or none, not '${text}'.`,
    'phasegate resume --help',
  )
}
