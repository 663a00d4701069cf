import { type Command, isSet, wordsAt } from '../command.js'
import { printLaneResult } from '../output/lane-result.js'
import { runContract } from '../verbs/contract.js'
import { askConsent } from './ask-consent.js'
import { flag, withProgress } from './with-progress.js'

export const contractCommand: Command = async (context) => {
  const ask = askConsent(context.output, 'contract')
  const result = await withProgress(context, (options) =>
    runContract({
      ...options,
      units: wordsAt(context, 0),
      defer: isSet(context, 'defer'),
      ...flag(context, 'confirm'),
      ...flag(context, 'plan'),
      ...(ask === undefined ? {} : { ask }),
    }),
  )
  return printLaneResult(result, context.output)
}
