import { EXIT, type GateCheck } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import type { Colors } from '../output/colors.js'
import { type GateAnswerOfUnit, runGate } from '../verbs/gate.js'
import { targetOptions } from './with-progress.js'

export const gateCommand: Command = async (context) => {
  const unit = wordAt(context, 0)
  const { output } = context
  const units = await runGate({ ...targetOptions(context), ...(unit === undefined ? {} : { unit }) })
  if (output.format === 'json') output.json({ ok: true, units })
  else if (units.length === 0) output.data('no unit is pending')
  else for (const answer of units) for (const line of linesOf(answer, output.out.colors)) output.data(line)
  const held = unit !== undefined && units.some((answer) => answer.state !== 'open')
  return held ? EXIT.gate : EXIT.done
}

/** Each check with what it saw and until when that counts, and at the end what is missing. */
function linesOf({ unit, state, checks }: GateAnswerOfUnit, colors: Colors): readonly string[] {
  const missing = checks.filter((check) => check.state !== 'open').map((check) => check.name)
  return [
    `${unit} ${colored(state, state, colors)}`,
    ...checks.flatMap((check) => describe(check, '  ', colors)),
    ...(missing.length === 0 ? [] : [`  missing for it to open: ${missing.join(', ')}`]),
  ]
}

function describe(check: GateCheck, indent: string, colors: Colors): readonly string[] {
  const { state, name, reason, observed, required, observedAt, expiresAt, checks = [] } = check
  const facts = [
    ...(observed === undefined ? [] : [`saw ${observed}`]),
    ...(required === undefined ? [] : [`wants ${required}`]),
    `asked at ${observedAt}`,
    ...(expiresAt === undefined ? [] : [`counts until ${expiresAt}`]),
  ]
  return [
    `${indent}${colored(state, state.padEnd(7), colors)} ${name}: ${reason}`,
    colors.dim(`${indent}        ${facts.join(', ')}`),
    ...checks.flatMap((part) => describe(part, `${indent}  `, colors)),
  ]
}

function colored(state: GateCheck['state'], text: string, { green, red, yellow }: Colors): string {
  return { open: green, closed: red, unknown: yellow }[state](text)
}
