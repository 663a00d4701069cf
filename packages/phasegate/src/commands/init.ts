import { EXIT } from '@phasegate/core'
import { type Command, type CommandContext, textFlag } from '../command.js'
import { existingConfig, runInit } from '../verbs/init.js'

export const initCommand: Command = async (context) => {
  const { output } = context
  const result = await runInit({ appRoles: await appRoles(context) })
  if (output.format === 'json') {
    output.json({ ok: true, ...result })
    return EXIT.done
  }
  for (const file of result.written) output.data(`wrote ${file}`)
  for (const file of result.kept) output.data(`kept  ${file}`)
  for (const note of result.notes) output.say(`note: ${note}`)
  output.say('Next, in this order:')
  for (const command of result.next) output.say(`  ${command}`)
  return EXIT.done
}

/** From the flag; else asked, but only where a person sits in front of it. */
async function appRoles(context: CommandContext): Promise<readonly string[]> {
  const given = textFlag(context, 'appRoles')
  if (given !== undefined) return split(given)
  const asked = process.stdin.isTTY && process.stderr.isTTY && !process.env.CI && context.output.format === 'human'
  if (!asked || context.output.quiet || existingConfig(process.cwd()) !== undefined) return []
  const { isCancel, text } = await import('@clack/prompts')
  const answer = await text({
    message: 'Database roles of your applications, comma-separated (Enter for none)',
    placeholder: 'app',
    output: process.stderr,
  })
  return isCancel(answer) || answer === undefined ? [] : split(answer)
}

function split(text: string): readonly string[] {
  return text
    .split(',')
    .map((role) => role.trim())
    .filter((role) => role !== '')
}
