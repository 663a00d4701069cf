import { EXIT } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import { forClient } from '../verbs/approved-client.js'
import { runRevoke } from '../verbs/decide.js'
import { flag, targetOptions } from './with-progress.js'

export const revokeCommand: Command = async (context) => {
  const decision = await runRevoke({
    ...targetOptions(context),
    unit: wordAt(context, 0) ?? '',
    ...flag(context, 'reason'),
    ...flag(context, 'application'),
    ...flag(context, 'role'),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, ...decision })
  else
    context.output.data(
      `${decision.unit}: ${decision.revoked ?? 0} ${decision.client === undefined ? 'approvals and overrides' : 'approvals'}${forClient(decision)} revoked by ${decision.by}: ${decision.reason}`,
    )
  return EXIT.done
}
