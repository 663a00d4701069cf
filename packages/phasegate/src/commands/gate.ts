import { EXIT } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import { runGate } from '../verbs/gate.js'
import { targetOptions } from './with-progress.js'

export const gateCommand: Command = async (context) => {
  const unit = wordAt(context, 0)
  const { output } = context
  const units = await runGate({ ...targetOptions(context), ...(unit === undefined ? {} : { unit }) })
  if (output.format === 'json') output.json({ ok: true, units })
  else if (units.length === 0) output.data('no unit is pending')
  const { green, red, yellow } = output.out.colors
  const color = { open: green, closed: red, unknown: yellow }
  if (output.format !== 'json')
    for (const { unit: name, state, checks } of units) {
      output.data(`${name} ${color[state](state)}`)
      for (const check of checks)
        output.data(`  ${color[check.state](check.state.padEnd(7))} ${check.name}: ${check.reason}`)
    }
  const held = unit !== undefined && units.some((answer) => answer.state !== 'open')
  return held ? EXIT.gate : EXIT.done
}
