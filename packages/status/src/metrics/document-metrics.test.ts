import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { expect, test } from 'vitest'
import type { PhaseView, StatusDocument } from '../document/status-document.js'
import { documentMetrics } from './document-metrics.js'
import type { Metric } from './metric.js'
import { observeMetrics } from './open-telemetry.js'

const phase = (state: PhaseView['state'], change: Partial<PhaseView> = {}): PhaseView => ({
  state,
  since: null,
  fingerprint: null,
  progress: null,
  batches: null,
  verified: null,
  quarantine: null,
  engine: 'native',
  foreign: false,
  error: null,
  ...change,
})

const progress = {
  done: 50,
  total: 100,
  percent: 25,
  rowsPerSecond: 10,
  etaSeconds: null,
  batchSize: 5,
  paused: false,
  pausedSeconds: 0,
  throttleReason: 'replicaLag: 7 s',
  throttledSeconds: 3,
  compared: null,
  engine: null,
}

const DOCUMENT = {
  verdict: 'behind',
  missing: ['b:expand'],
  journal: { readAt: '2026-11-22T10:00:00Z', error: null, ageMs: 1500, held: null },
  migrations: [
    { name: 'a', phases: { expand: phase('applied'), backfill: phase('running', { progress }) } },
    { name: 'b', phases: { expand: phase('pending'), contract: phase('failed') } },
    { name: 'c', phases: { backfill: phase('applied', { progress }) } },
  ],
  gates: {
    'a:contract': {
      state: 'closed',
      checks: [
        { name: 'soak(7d)', state: 'closed', expired: false },
        { name: 'approval', state: 'open', expired: true },
      ],
    },
  },
} as unknown as StatusDocument

const samplesOf = (metrics: readonly Metric[], name: string): unknown =>
  metrics.find((metric) => metric.name === name)?.samples.map(({ labels, value }) => [labels, value])

test('the verdict is one of five series, the others are 0', () => {
  expect(samplesOf(documentMetrics(DOCUMENT), 'phasegate_verdict')).toEqual([
    [{ verdict: 'compatible' }, 0],
    [{ verdict: 'ahead' }, 0],
    [{ verdict: 'behind' }, 1],
    [{ verdict: 'incompatible' }, 0],
    [{ verdict: 'unknown' }, 0],
  ])
})

test('units are counted by phase and state, and named only where they are under way or failed', () => {
  const metrics = documentMetrics(DOCUMENT)
  const counted = samplesOf(metrics, 'phasegate_units') as [{ phase: string; state: string }, number][]
  expect(counted.filter(([, count]) => count > 0)).toEqual([
    [{ phase: 'expand', state: 'pending' }, 1],
    [{ phase: 'expand', state: 'applied' }, 1],
    [{ phase: 'backfill', state: 'running' }, 1],
    [{ phase: 'backfill', state: 'applied' }, 1],
    [{ phase: 'contract', state: 'failed' }, 1],
  ])
  expect(samplesOf(metrics, 'phasegate_unit_state')).toEqual([
    [{ migration: 'a', phase: 'backfill', state: 'running' }, 1],
    [{ migration: 'b', phase: 'contract', state: 'failed' }, 1],
  ])
})

test('a backfill that is not over has its progress; what is not known has no series', () => {
  const metrics = documentMetrics(DOCUMENT)
  expect(samplesOf(metrics, 'phasegate_backfill_rows_done')).toEqual([[{ migration: 'a' }, 50]])
  expect(samplesOf(metrics, 'phasegate_backfill_ratio')).toEqual([[{ migration: 'a' }, 0.25]])
  expect(samplesOf(metrics, 'phasegate_backfill_throttled')).toEqual([[{ migration: 'a' }, 1]])
  expect(samplesOf(metrics, 'phasegate_backfill_eta_seconds')).toEqual([])
})

test('an engine at work has its own, by its phase and name', () => {
  const engine = { name: 'gh-ost', state: 'copying', lagSeconds: 0.5 } as const
  const copying = {
    ...DOCUMENT,
    migrations: [
      { name: 'd', phases: { expand: phase('running', { progress: { ...progress, engine } }) } },
      { name: 'e', phases: { contract: phase('applied', { progress: { ...progress, engine } }) } },
    ],
  } as unknown as StatusDocument
  const metrics = documentMetrics(copying)
  const labels = { migration: 'd', phase: 'expand', engine: 'gh-ost' }
  expect(samplesOf(metrics, 'phasegate_engine_rows_done')).toEqual([[labels, 50]])
  expect(samplesOf(metrics, 'phasegate_engine_ratio')).toEqual([[labels, 0.25]])
  expect(samplesOf(metrics, 'phasegate_engine_lag_seconds')).toEqual([[labels, 0.5]])
  expect(samplesOf(metrics, 'phasegate_engine_paused')).toEqual([[labels, 0]])
  expect(samplesOf(metrics, 'phasegate_engine_eta_seconds')).toEqual([])
  expect(samplesOf(metrics, 'phasegate_backfill_rows_done')).toEqual([])
})

test('a gate has its state, and each check its own; evidence that has expired is unknown', () => {
  const metrics = documentMetrics(DOCUMENT)
  const unit = { migration: 'a', phase: 'contract' }
  expect(samplesOf(metrics, 'phasegate_gate_state')).toEqual([[{ ...unit, state: 'closed' }, 1]])
  expect(samplesOf(metrics, 'phasegate_gate_check_state')).toEqual([
    [{ ...unit, gate: 'soak(7d)', state: 'closed' }, 1],
    [{ ...unit, gate: 'approval', state: 'unknown' }, 1],
  ])
})

test('OpenTelemetry collects the same numbers under the same names, until that is ended', async () => {
  const reader = new (class extends MetricReader {
    protected async onShutdown(): Promise<void> {}
    protected async onForceFlush(): Promise<void> {}
  })()
  const provider = new MeterProvider({ readers: [reader] })
  let asked = 0
  const end = observeMetrics(provider.getMeter('phasegate'), () => {
    asked++
    return documentMetrics(DOCUMENT)
  })
  const collected = async (name: string) => {
    const { resourceMetrics } = await reader.collect()
    const metrics = resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics)
    return metrics
      .find(({ descriptor }) => descriptor.name === name)
      ?.dataPoints.map(({ attributes, value }) => [attributes, value])
  }
  expect(await collected('phasegate_backfill_rows_done')).toEqual([[{ migration: 'a' }, 50]])
  expect(await collected('phasegate_verdict')).toEqual(samplesOf(documentMetrics(DOCUMENT), 'phasegate_verdict'))
  end()
  const before = asked
  await reader.collect()
  expect(asked).toBe(before)
  await provider.shutdown()
})
