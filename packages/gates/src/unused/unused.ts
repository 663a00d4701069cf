import {
  type CoverageMark,
  findUnit,
  type Gate,
  type GateCheck,
  type GateContext,
  recall,
  type StatementUse,
  type StatementUseReading,
  type UsedObject,
  usedName,
} from '@phasegate/core'
import { answer } from '../answer.js'
import { describeDuration, parseDuration } from '../duration.js'
import { after } from '../until.js'
import { type Baseline, readBaseline } from './use-baseline.js'

/** More kinds of statements than that are not looked after one by one. */
const MOST_USES = 1000
/** Characters of a statement that are shown. */
const SHOWN = 120

export interface UnusedOptions {
  /** What the gate is called; default says what is looked at and for how long. */
  readonly name?: string
  /** `'not read'` where the replicas that are attached are asked by nobody: a standby for failover alone. */
  readonly replicas?: 'not read'
  /** How long an answer counts; default `5m`. */
  readonly counts?: string
}

/** A gate that opens when no statement has used these objects for so long. */
export function unused(
  name: string,
  window: string,
  objectsOf: (context: GateContext) => readonly UsedObject[],
  { replicas, counts = '5m' }: UnusedOptions,
): Gate {
  const wait = parseDuration(window)
  const lasts = parseDuration(counts)
  return {
    name,
    cost: 1,
    check: async (context) => {
      const objects = objectsOf(context)
      if (objects.length === 0) {
        return answer(
          context,
          name,
          'unknown',
          'the contract destroys nothing that this gate looks at; name it: { columns: … } or { tables: … }',
        )
      }
      const baselines = readBaseline(recall(context, name))
      const looks: Look[] = []
      for (const object of objects) {
        const reading = await context.statementUse(object)
        looks.push(judge(context, object, reading, baselines[usedName(object)], wait, replicas === 'not read'))
      }
      return together(context, name, looks, wait, lasts)
    },
  }
}

/** What was found of one object. */
interface Look {
  readonly object: UsedObject
  readonly state: GateCheck['state']
  readonly reason: string
  readonly baseline?: Baseline
}

function judge(
  context: GateContext,
  object: UsedObject,
  reading: StatementUseReading,
  before: Baseline | undefined,
  wait: number,
  ignoreReplicas: boolean,
): Look {
  const name = usedName(object)
  const look = (state: GateCheck['state'], reason: string, baseline?: Baseline): Look => ({
    object,
    state,
    reason: `${name}: ${reason}`,
    ...(baseline === undefined ? {} : { baseline }),
  })
  const { problems, dependents, uses } = reading
  if (!reading.exists) {
    const { migration, phase } = context.unit.id
    const gone = findUnit(context.snapshot, migration, phase)?.pointOfNoReturn === true
    return gone
      ? look('open', 'is gone; this was open at the point of no return')
      : look('unknown', 'there is no such thing')
  }
  const problem = problems[0]
  if (problem !== undefined) return look('unknown', `${problem.reason}; ${problem.next}`)
  if (reading.replicas > 0 && !ignoreReplicas) {
    return look(
      'unknown',
      `${reading.replicas} replicas are attached, and what they are asked is not counted here; if nobody reads them: { replicas: 'not read' }`,
    )
  }
  if (uses.length > MOST_USES)
    return look(
      'unknown',
      `${uses.length} kinds of statements may use it; reset the statistics once, so that only those that still run are left`,
    )
  const fresh: Baseline = { since: context.snapshot.now, marks: valuesOf(reading.marks), calls: callsOf(uses) }
  if (before === undefined)
    return look(
      'unknown',
      `counted from now on: the window begins when a run records this (phasegate contract --defer)`,
      fresh,
    )
  const gap = gapSince(before, reading)
  if (gap !== undefined) return look('unknown', `${gap} since ${before.since}, so that the window begins anew`, fresh)
  // An entry without a call is of a statement that was only explained, or is running for the first time.
  const ran = uses.filter(({ id, calls }) => calls !== (before.calls[id] ?? '0'))
  const unreadable = ran.find((use) => use.readable !== true)
  const used = ran.find((use) => use.readable === true)
  if (used !== undefined)
    return look(
      'closed',
      `used since ${before.since} by ${ran.length === 1 ? '' : `${ran.length} kinds of statements, such as `}${shown(used)}`,
      fresh,
    )
  if (unreadable !== undefined)
    return look('unknown', `a statement ran that may use it: ${unreadable.readable} (${shown(unreadable)})`, fresh)
  // The baseline stays: what reads it has to go, and nothing is lost of the window meanwhile.
  if (dependents.length > 0)
    return look(
      'closed',
      `read by ${dependents.slice(0, 5).join(', ')}${dependents.length > 5 ? ` and ${dependents.length - 5} more` : ''}`,
      before,
    )
  const age = Date.parse(context.snapshot.now) - Date.parse(before.since)
  if (!(age >= wait))
    return look(
      'closed',
      `not used since ${before.since}; opens at ${new Date(Date.parse(before.since) + wait).toISOString()}`,
      before,
    )
  return look('open', `not used since ${before.since}`, before)
}

/** Why what was counted between the baseline and now is not whole, or undefined. */
function gapSince({ marks, calls }: Baseline, reading: StatementUseReading): string | undefined {
  const changed = reading.marks.find((mark) => marks[mark.name] !== mark.value)
  if (changed !== undefined) return changed.changed
  const now = callsOf(reading.uses)
  // Of an entry that is gone, or that counts less than it did, nobody knows how often it ran meanwhile.
  const lost = Object.entries(calls).some(([id, count]) => now[id] === undefined || BigInt(now[id]) < BigInt(count))
  return lost ? 'statistics of single statements were reset or dropped' : undefined
}

const valuesOf = (marks: readonly CoverageMark[]): Baseline['marks'] =>
  Object.fromEntries(marks.map(({ name, value }) => [name, value]))
const callsOf = (uses: readonly StatementUse[]): Baseline['calls'] =>
  Object.fromEntries(uses.map(({ id, calls }) => [id, calls]))

function shown({ text }: StatementUse): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line
}

function together(context: GateContext, name: string, looks: readonly Look[], wait: number, lasts: number): GateCheck {
  const states = looks.map((one) => one.state)
  const state = states.includes('closed') ? 'closed' : states.includes('unknown') ? 'unknown' : 'open'
  const reason = looks
    .filter((one) => one.state === state)
    .map((one) => one.reason)
    .join('; ')
  const ages = looks.flatMap(({ baseline }) =>
    baseline === undefined ? [] : [Date.parse(context.snapshot.now) - Date.parse(baseline.since)],
  )
  const kept = Object.fromEntries(
    looks.flatMap(({ object, baseline }) => (baseline === undefined ? [] : [[usedName(object), baseline]])),
  )
  return {
    ...answer(context, name, state, reason, {
      required: `unused for ${describeDuration(wait)}`,
      ...(ages.length === looks.length ? { observed: `unused for ${describeDuration(Math.min(...ages))}` } : {}),
      expiresAt: after(context, lasts),
    }),
    kept,
  }
}
