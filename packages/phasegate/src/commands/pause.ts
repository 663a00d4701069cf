import { EXIT } from '@phasegate/core'
import { type Command, isSet, wordAt } from '../command.js'
import { runPause } from '../verbs/control.js'
import { flag, targetOptions } from './with-progress.js'

export const pauseCommand: Command = async (context) => {
  const migration = wordAt(context, 0)
  const { unit, action, state } = await runPause({
    ...targetOptions(context),
    ...flag(context, 'reason'),
    ...(migration === undefined ? {} : { migration }),
    now: isSet(context, 'now'),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, unit, action, state })
  else
    context.output.data(
      unit === null ? `every backfill of this database is ${state}` : `${unit} was ${state}: ${action} asked for`,
    )
  return EXIT.done
}
