import { EXIT } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import { forClient } from '../verbs/approved-client.js'
import { runApprove } from '../verbs/decide.js'
import { flag, targetOptions } from './with-progress.js'

export const approveCommand: Command = async (context) => {
  const decision = await runApprove({
    ...targetOptions(context),
    unit: wordAt(context, 0) ?? '',
    ...flag(context, 'reason'),
    ...flag(context, 'for'),
    ...flag(context, 'application'),
    ...flag(context, 'role'),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, ...decision })
  else context.output.data(`${decision.unit} approved${forClient(decision)} by ${decision.by}: ${decision.reason}`)
  return EXIT.done
}
