import { PHASES, type Phase, UNIT_STATES, type UnitProgress } from '@phasegate/core'
import type { PhaseView, StatusDocument } from '../document/status-document.js'
import { type Metric, type Sample, sample } from './metric.js'

const VERDICTS = ['compatible', 'ahead', 'behind', 'incompatible', 'unknown'] as const

/** What a status document says, as numbers: verdict, units, backfills, engines, gates. Labels hold names of migrations and gates, nothing else. */
export function documentMetrics(document: StatusDocument): readonly Metric[] {
  const { journal, verdict, missing, gates } = document
  return [
    gauge(
      'phasegate_verdict',
      'May this build run on this database? 1 for the verdict that it is.',
      VERDICTS.map((one) => sample(one === verdict ? 1 : 0, { verdict: one })),
    ),
    gauge('phasegate_units_missing', 'Units that this build requires and that are not applied.', [
      sample(missing.length),
    ]),
    gauge('phasegate_journal_up', '1 where the last read of the journal succeeded.', [
      sample(journal.readAt !== null && journal.error === null ? 1 : 0),
    ]),
    gauge(
      'phasegate_journal_age_seconds',
      'Time since the journal was read.',
      journal.ageMs === null ? [] : [sample(journal.ageMs / 1000)],
    ),
    gauge('phasegate_held', '1 while every backfill of this database is held.', [
      sample(journal.held === null ? 0 : 1),
    ]),
    gauge('phasegate_units', 'Units by phase and state.', unitCounts(document)),
    gauge(
      'phasegate_unit_state',
      '1 for the state of each unit that is neither pending nor applied.',
      units(document)
        .filter(({ view }) => view.state !== 'pending' && view.state !== 'applied')
        .map(({ labels, view }) => sample(1, { ...labels, state: view.state })),
    ),
    ...backfillMetrics(document),
    ...engineMetrics(document),
    gauge(
      'phasegate_gate_state',
      '1 for what the recorded evidence says of the gates of each unit: open, closed or unknown.',
      Object.entries(gates).map(([unit, { state }]) => sample(1, { ...unitLabels(unit), state })),
    ),
    gauge(
      'phasegate_gate_check_state',
      '1 for what each single gate said when it was last asked; expired evidence is unknown.',
      Object.entries(gates).flatMap(([unit, { checks }]) =>
        checks.map(({ name, state, expired }) =>
          sample(1, { ...unitLabels(unit), gate: name, state: expired ? 'unknown' : state }),
        ),
      ),
    ),
  ]
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: 'gauge', samples }
}

function unitLabels(name: string): { readonly migration: string; readonly phase: string } {
  const colon = name.lastIndexOf(':')
  return { migration: name.slice(0, colon), phase: name.slice(colon + 1) }
}

interface Unit {
  readonly labels: { readonly migration: string; readonly phase: Phase }
  readonly view: PhaseView
}

function units({ migrations }: StatusDocument): readonly Unit[] {
  return migrations.flatMap(({ name, phases }) =>
    PHASES.flatMap((phase) => {
      const view = phases[phase]
      return view === undefined ? [] : [{ labels: { migration: name, phase }, view }]
    }),
  )
}

/** Every state of every phase, also those of which there is none: a series that comes and goes alerts nobody. */
function unitCounts(document: StatusDocument): readonly Sample[] {
  const counts = new Map<string, number>()
  for (const { labels, view } of units(document)) {
    const key = `${labels.phase} ${view.state}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return PHASES.flatMap((phase) =>
    UNIT_STATES.map((state) => sample(counts.get(`${phase} ${state}`) ?? 0, { phase, state })),
  )
}

/** Of what has begun and is not applied: what is over needs no series. */
function running(document: StatusDocument): readonly (Unit & { readonly progress: UnitProgress })[] {
  return units(document).flatMap(({ labels, view }) =>
    view.state !== 'applied' && view.progress !== null ? [{ labels, view, progress: view.progress }] : [],
  )
}

interface Progressing {
  readonly labels: Readonly<Record<string, string>>
  readonly progress: UnitProgress
}

type Reading = readonly [name: string, help: string, read: (progress: UnitProgress) => number | null]

const OF_BACKFILLS: readonly Reading[] = [
  ['rows_done', 'Rows changed, by all workers in all runs.', ({ done }) => done],
  ['rows_expected', 'Rows that it will have changed, by an estimate.', ({ total }) => total],
  ['ratio', 'How much of the keys is passed, 0 to 1.', ratioOf],
  ['rows_per_second', 'Rows changed a second, over the last seconds.', ({ rowsPerSecond }) => rowsPerSecond],
  ['eta_seconds', 'Time that it needs still, by its rate.', ({ etaSeconds }) => etaSeconds],
  ['batch_rows', 'Keys of the latest batch.', ({ batchSize }) => batchSize],
  ['throttled', '1 while it goes slower or waits for the sake of the server.', throttledOf],
]

const OF_ENGINES: readonly Reading[] = [
  ['rows_done', 'Rows copied.', ({ done }) => done],
  ['rows_expected', 'Rows that it will have copied, by an estimate.', ({ total }) => total],
  ['ratio', 'How much of the table is copied, 0 to 1.', ratioOf],
  ['rows_per_second', 'Rows copied a second, over the last seconds.', ({ rowsPerSecond }) => rowsPerSecond],
  ['eta_seconds', 'Time that the copy needs still, by its rate.', ({ etaSeconds }) => etaSeconds],
  ['lag_seconds', 'How far the copy is behind what is written meanwhile.', ({ engine }) => engine?.lagSeconds ?? null],
  ['paused', '1 while a person has paused it.', ({ paused }) => (paused ? 1 : 0)],
  ['throttled', '1 while it goes slower or waits for the sake of the server.', throttledOf],
]

function backfillMetrics(document: StatusDocument): readonly Metric[] {
  const backfills = running(document).filter(({ labels }) => labels.phase === 'backfill')
  return progressMetrics(
    'phasegate_backfill',
    OF_BACKFILLS,
    backfills.map(({ labels: { migration }, progress }) => ({ labels: { migration }, progress })),
  )
}

function engineMetrics(document: StatusDocument): readonly Metric[] {
  return progressMetrics(
    'phasegate_engine',
    OF_ENGINES,
    running(document).flatMap(({ labels, progress }) =>
      progress.engine === null ? [] : [{ labels: { ...labels, engine: progress.engine.name }, progress }],
    ),
  )
}

/** A unit of which a reading is unknown has no series of it. */
function progressMetrics(prefix: string, readings: readonly Reading[], of: readonly Progressing[]): readonly Metric[] {
  return readings.map(([name, help, read]) =>
    gauge(
      `${prefix}_${name}`,
      help,
      of.flatMap(({ labels, progress }) => {
        const value = read(progress)
        return value === null ? [] : [sample(value, labels)]
      }),
    ),
  )
}

function ratioOf({ percent }: UnitProgress): number | null {
  return percent === null ? null : percent / 100
}

function throttledOf({ throttleReason }: UnitProgress): number {
  return throttleReason === null ? 0 : 1
}
