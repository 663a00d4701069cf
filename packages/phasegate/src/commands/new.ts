import { EXIT } from '@phasegate/core'
import { type Command, isSet, wordAt } from '../command.js'
import { verbUsage } from '../verb-errors.js'
import { runNew } from '../verbs/new.js'

export const newCommand: Command = async (context) => {
  if (isSet(context, 'ts') && isSet(context, 'sql'))
    throw verbUsage('Either --ts or --sql, not both.', 'phasegate new --help')
  const result = await runNew({
    ...context.settings,
    slug: wordAt(context, 0) ?? '',
    format: isSet(context, 'sql') ? 'sql' : 'ts',
  })
  const { output } = context
  if (output.format === 'json') output.json({ ok: true, ...result })
  else {
    output.data(result.file)
    output.say('Write its expand, then: phasegate check')
  }
  return EXIT.done
}
