import { type Command, isSet } from '../command.js'
import { printLaneResult } from '../output/lane-result.js'
import { runUpVerb } from '../verbs/up.js'
import { flag, withProgress } from './with-progress.js'

export const upCommand: Command = async (context) => {
  const result = await withProgress(context, (options) =>
    runUpVerb({ ...options, reset: isSet(context, 'reset'), ...flag(context, 'confirm') }),
  )
  return printLaneResult(result, context.output)
}
