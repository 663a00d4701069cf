import { EXIT } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import { runRevoke } from '../verbs/decide.js'
import { flag, targetOptions } from './with-progress.js'

export const revokeCommand: Command = async (context) => {
  const decision = await runRevoke({
    ...targetOptions(context),
    unit: wordAt(context, 0) ?? '',
    ...flag(context, 'reason'),
    ...flag(context, 'for'),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, ...decision })
  else
    context.output.data(
      `${decision.unit}: ${decision.revoked ?? 0} approvals and overrides revoked by ${decision.by}: ${decision.reason}`,
    )
  return EXIT.done
}
