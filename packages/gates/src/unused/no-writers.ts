import {
  findUnit,
  type Gate,
  type GateCheck,
  type GateContext,
  type UsedObject,
  unitName,
  usedName,
  WRITE_INTERVAL_SECONDS,
  type WritersReading,
} from '@phasegate/core'
import { answer } from '../answer.js'
import { describeDuration, parseDuration } from '../duration.js'
import { after } from '../until.js'
import { columnOf } from './column-unused.js'
import { destroyedBy } from './destroyed-by.js'

export interface NoWritersOptions {
  /** Default: those that the contract destroys. */
  readonly columns?: readonly string[]
  /** How long an answer counts; default `5m`. */
  readonly counts?: string
  /** What the gate is called; default says what is looked at and for how long. */
  readonly name?: string
}

/**
 * Opens when nobody has written a column for so long, by the triggers that `countWriters` of the migration puts there: an
 * INSERT that gives it a value, an UPDATE that changes it. Without the triggers it is `unknown`. Readers are not seen.
 *
 * @throws `GATE.DURATION`, `GATE.OBJECT`
 * @example
 * defineMigration({ countWriters: ['users.verified_at'], gates: { contract: [noWriters('7d')] }, … })
 */
export function noWriters(window: string, options: NoWritersOptions = {}): Gate {
  const wait = parseDuration(window)
  const lasts = parseDuration(options.counts ?? '5m')
  const columns = options.columns?.map(columnOf)
  const name = options.name ?? `noWriters(${[...(options.columns ?? []), window].join(', ')})`
  return {
    name,
    cost: 1,
    check: async (context) => {
      const objects = columns ?? destroyedBy(context.unit, 'column')
      if (objects.length === 0)
        return answer(context, name, 'unknown', 'the contract drops no column; name one: { columns: … }')
      const looks: Look[] = []
      for (const object of objects) looks.push(judge(context, object, await context.writersOf(object), wait))
      const state = (['closed', 'unknown'] as const).find((one) => looks.some((look) => look.state === one)) ?? 'open'
      const reason = looks
        .filter((look) => look.state === state)
        .map((look) => look.reason)
        .join('; ')
      return answer(context, name, state, reason, {
        required: `not written for ${describeDuration(wait)}`,
        expiresAt: after(context, lasts),
      })
    },
  }
}

interface Look {
  readonly state: GateCheck['state']
  readonly reason: string
}

function judge(context: GateContext, object: UsedObject, reading: WritersReading, wait: number): Look {
  const look = (state: GateCheck['state'], reason: string): Look => ({
    state,
    reason: `${usedName(object)}: ${reason}`,
  })
  const { name } = context.migration
  const contract = findUnit(context.snapshot, name, context.unit.id.phase)
  // The first steps of a contract take the triggers away.
  const begun = contract?.detail.begun === true || contract?.pointOfNoReturn === true
  if (begun && !reading.counted)
    return look('open', 'was not written when the contract began, which took the triggers away')
  if (!reading.exists) return look('unknown', 'there is no such column')
  if (!reading.counted) {
    return look(
      'unknown',
      `no trigger counts its writers, or one is disabled; write countWriters: ['${usedName(object)}'] in a migration whose expand is not applied yet`,
    )
  }
  const expand = findUnit(context.snapshot, name, 'expand')
  if (expand?.state !== 'applied' || expand.finishedAt === null) {
    return look('unknown', `counts from the moment when ${unitName({ migration: name, phase: 'expand' })} is applied`)
  }
  const now = Date.parse(context.snapshot.now)
  // A session leaves a row once a minute, so that its last write may be that much younger.
  const written =
    reading.lastWrite === null ? 0 : Math.min(Date.parse(reading.lastWrite) + WRITE_INTERVAL_SECONDS * 1000, now)
  const since = Math.max(Date.parse(expand.finishedAt), written)
  if (now - since >= wait) return look('open', `not written since ${new Date(since).toISOString()}`)
  const seen =
    reading.lastWrite === null
      ? 'not written yet'
      : `last written about ${reading.lastWrite}, by ${reading.sessions} sessions in all`
  return look('closed', `${seen}; opens at ${new Date(since + wait).toISOString()}`)
}
