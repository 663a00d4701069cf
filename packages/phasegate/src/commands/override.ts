import { EXIT } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import { runOverride } from '../verbs/decide.js'
import { flag, targetOptions } from './with-progress.js'

export const overrideCommand: Command = async (context) => {
  const decision = await runOverride({
    ...targetOptions(context),
    unit: wordAt(context, 0) ?? '',
    ...flag(context, 'reason'),
    ...flag(context, 'for'),
    ...flag(context, 'gate'),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, ...decision })
  else context.output.data(`${decision.unit} gate overridden by ${decision.by}: ${decision.reason}`)
  return EXIT.done
}
