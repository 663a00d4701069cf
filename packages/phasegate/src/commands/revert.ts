import { type Command, wordAt } from '../command.js'
import { printLaneResult } from '../output/lane-result.js'
import { runRevertVerb } from '../verbs/revert.js'
import { askConsent } from './ask-consent.js'
import { flag, withProgress } from './with-progress.js'

export const revertCommand: Command = async (context) => {
  const ask = askConsent(context.output, 'revert')
  const result = await withProgress(context, (options) =>
    runRevertVerb({
      ...options,
      migration: wordAt(context, 0) ?? '',
      ...flag(context, 'confirm'),
      ...(ask === undefined ? {} : { ask }),
    }),
  )
  return printLaneResult(result, context.output)
}
