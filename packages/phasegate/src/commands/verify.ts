import { EXIT } from '@phasegate/core'
import { type Command, wordAt } from '../command.js'
import { runVerify, type Verification } from '../verbs/verify.js'
import { targetOptions } from './with-progress.js'

export const verifyCommand: Command = async (context) => {
  const migration = wordAt(context, 0)
  const { output } = context
  const result = await runVerify({ ...targetOptions(context), ...(migration === undefined ? {} : { migration }) })
  if (output.format === 'json') output.json({ ok: result.exit === EXIT.done, ...result })
  else if (result.units.length === 0) output.data('no applied backfill to verify')
  else for (const unit of result.units) output.data(`${unit.unit}: ${describe(unit)}`)
  return result.exit
}

function describe({ quarantined, ...compared }: Verification): string {
  const apart = quarantined === 0 ? '' : `; ${quarantined} rows are in quarantine and were left out`
  return `${describeCompared(compared)}${apart}`
}

function describeCompared({ mismatches, reason, sampleKeys }: Omit<Verification, 'quarantined'>): string {
  if (mismatches === null) return `cannot be compared: ${reason}`
  return mismatches === 0 ? 'old and new agree' : `${mismatches} rows differ, for example keys ${sampleKeys.join(', ')}`
}
