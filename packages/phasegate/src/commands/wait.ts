import { EXIT } from '@phasegate/core'
import { type Command, textFlag } from '../command.js'
import { verbUsage } from '../verb-errors.js'
import { runWait } from '../verbs/wait.js'
import { flag, targetOptions } from './with-progress.js'

export const waitCommand: Command = async (context) => {
  const unit = textFlag(context, 'for')
  if (unit === undefined) throw verbUsage('Wait for what? --for <unit> or --for gate:<unit>.', 'phasegate wait --help')
  const result = await runWait({ ...targetOptions(context), for: unit, ...flag(context, 'timeout') })
  if (context.output.format === 'json') context.output.json({ ok: true, ...result })
  else context.output.data(`${result.unit} is there, after ${Math.round(result.waitedMs / 1000)} s`)
  return EXIT.done
}
