import { type Command, wordsAt } from '../command.js'
import { printLaneResult } from '../output/lane-result.js'
import { runExpand } from '../verbs/expand.js'
import { flag, withProgress } from './with-progress.js'

export const expandCommand: Command = async (context) => {
  const units = wordsAt(context, 0)
  const result = await withProgress(context, (options) =>
    runExpand({ ...options, units, ...flag(context, 'plan'), long: context.flags.long === true }),
  )
  return printLaneResult(result, context.output)
}
