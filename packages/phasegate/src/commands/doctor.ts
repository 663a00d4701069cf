import { EXIT } from '@phasegate/core'
import type { Command } from '../command.js'
import { runDoctor } from '../verbs/doctor.js'
import { targetOptions } from './with-progress.js'

export const doctorCommand: Command = async (context) => {
  const { output } = context
  const result = await runDoctor(targetOptions(context))
  if (output.format === 'json') output.json({ ok: result.exit === EXIT.done, ...result })
  else {
    const { green, red, yellow } = output.out.colors
    const color = { ok: green, warning: yellow, problem: red }
    for (const { check, state, message, next } of result.findings) {
      output.data(`${color[state](state.padEnd(7))} ${check}: ${message}`)
      if (next !== undefined) output.data(`        → ${next}`)
    }
  }
  return result.exit
}
