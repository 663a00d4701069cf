import { EXIT } from '@phasegate/core'
import { type Command, isSet, wordAt } from '../command.js'
import { type Repair, runRepair } from '../verbs/repair.js'
import { flag, targetOptions } from './with-progress.js'

export const repairCommand: Command = async (context) => {
  const repair = await runRepair({
    ...targetOptions(context),
    unit: wordAt(context, 0) ?? '',
    happened: isSet(context, 'happened'),
    again: isSet(context, 'again'),
    ...flag(context, 'reason'),
  })
  if (context.output.format === 'json') context.output.json({ ok: true, ...repair })
  else for (const line of describe(repair)) context.output.data(line)
  return EXIT.done
}

function describe({ unit, step, statement, run, decision }: Repair): readonly string[] {
  if (step === null) return [`${unit}: no step waits for a decision`]
  if (decision === 'happened') return [`${unit}: step ${step} counts as done: ${statement}`]
  if (decision === 'again') return [`${unit}: step ${step} runs again: ${statement}`]
  if (run !== null)
    return [
      `${unit}: step ${step} is ${run.engine}'s, on ${run.schema}.${run.table}, ${run.state}, since ${run.startedAt} on ${run.host}:`,
      `  ${statement}`,
      `  phasegate ${unit.endsWith(':expand') ? `expand ${unit} --long` : `contract ${unit}`}   goes on with it, or finds it done`,
      `  phasegate repair ${unit} --again --reason '…'   stops the tool and takes away what it left`,
    ]
  return [
    `${unit}: step ${step} was under way when its runner ended, and the catalog cannot tell whether it happened:`,
    `  ${statement}`,
    'Look at the database, then run one of:',
    `  phasegate repair ${unit} --happened --reason '…'   it is there`,
    `  phasegate repair ${unit} --again --reason '…'      it is not, or may safely run again`,
  ]
}
