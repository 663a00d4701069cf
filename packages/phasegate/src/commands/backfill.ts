import { type Command, wordsAt } from '../command.js'
import { printLaneResult } from '../output/lane-result.js'
import { runBackfillVerb } from '../verbs/backfill.js'
import { withProgress } from './with-progress.js'

export const backfillCommand: Command = async (context) => {
  const units = wordsAt(context, 0)
  const result = await withProgress(context, (options) => runBackfillVerb({ ...options, units }))
  return printLaneResult(result, context.output)
}
