import { EXIT } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import { runFits } from '../verbs/fits.js'
import { flag, targetOptions } from './with-progress.js'

export const fitsCommand: Command = async (context) => {
  const result = await runFits({ ...targetOptions(context), ...namedManifest(context) })
  const { output } = context
  if (output.format === 'json') output.json({ ok: result.exit === EXIT.done, ...result })
  else {
    const { green, red } = output.out.colors
    output.data(
      `${result.application} ${result.build}: ${(result.fits ? green : red)(result.verdict)}, ${result.reason}`,
    )
    for (const { unit, state, destroyed } of result.takenAway)
      output.data(
        `  in the way: ${unit} (${state})${destroyed.length === 0 ? '' : `, which dropped ${destroyed.join(', ')}`}`,
      )
    for (const unit of result.missing) output.data(`  missing: ${unit}`)
    if (!result.fits && result.newestFitting !== null)
      output.data(
        `  newest recorded build that may run: ${result.newestFitting.build} (${result.newestFitting.digest})`,
      )
  }
  return result.exit
}

function namedManifest(context: Parameters<Command>[0]): { readonly manifest?: string } {
  const word = wordAt(context, 0)
  return word === undefined ? flag(context, 'manifest') : { manifest: word }
}
