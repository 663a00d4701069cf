import { EXIT } from '@phasegate/core'
import type { Command } from '../command.js'
import { runFits } from '../verbs/fits.js'
import { flag, targetOptions } from './with-progress.js'

export const fitsCommand: Command = async (context) => {
  const result = await runFits({ ...targetOptions(context), ...flag(context, 'manifest') })
  const { output } = context
  if (output.format === 'json') output.json({ ok: result.exit === EXIT.done, ...result })
  else {
    const { green, red } = output.out.colors
    output.data(
      `${result.application} ${result.build}: ${(result.fits ? green : red)(result.verdict)}, ${result.reason}`,
    )
    for (const unit of result.incompatibleWith) output.data(`  in the way: ${unit}`)
    for (const unit of result.missing) output.data(`  missing: ${unit}`)
    if (!result.fits && result.newestFitting !== null)
      output.data(`  newest recorded build that may run: ${result.newestFitting}`)
  }
  return result.exit
}
