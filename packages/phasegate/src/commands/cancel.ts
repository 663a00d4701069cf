import { EXIT } from '@phasegate/core'
import { type Command, isSet, wordAt } from '../command.js'
import { runCancel } from '../verbs/control.js'
import { flag, targetOptions } from './with-progress.js'

export const cancelCommand: Command = async (context) => {
  const migration = wordAt(context, 0)
  const { unit, action, state } = await runCancel({
    ...targetOptions(context),
    ...flag(context, 'reason'),
    migration: migration ?? '',
    now: isSet(context, 'now'),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, unit, action, state })
  else
    context.output.data(
      unit === null ? `every backfill of this database is ${state}` : `${unit} was ${state}: ${action} asked for`,
    )
  return EXIT.done
}
