import { benchBackfill } from './backfill.js'
import type { Bench } from './bench.js'
import { benchDocument } from './document.js'
import { benchDrift } from './drift.js'
import { benchEngine } from './engines.js'
import { benchInstances } from './instances.js'
import { benchMemory } from './memory.js'
import { benchPages } from './pages.js'
import { benchProbe } from './probe.js'
import { benchStatus } from './status.js'
import { benchTraffic } from './traffic.js'
import { benchWorkers } from './workers.js'

/** One bench on one server: a part of the report that is measured, and kept, for itself. */
export interface Part {
  /** What `--only` calls it. */
  readonly bench: string
  /** Unlike any other of its family. */
  readonly name: string
  readonly run: Bench
}

const ENGINE: readonly Part[] = [
  { bench: 'backfill', name: 'backfill', run: benchBackfill },
  { bench: 'workers', name: 'workers', run: benchWorkers },
  { bench: 'traffic', name: 'traffic', run: benchTraffic },
  { bench: 'drift', name: 'drift', run: benchDrift('bigint') },
  { bench: 'memory', name: 'memory', run: benchMemory },
  { bench: 'drift', name: 'drift by UUID', run: benchDrift('uuid') },
]

const INSTANCES: Part = { bench: 'instances', name: 'instances', run: benchInstances }

/** What is measured on each server, in this order. */
export const PARTS = {
  postgres: [
    { bench: 'probe', name: 'probe', run: benchProbe },
    { bench: 'status', name: 'status', run: benchStatus },
    { bench: 'status', name: 'document', run: benchDocument },
    INSTANCES,
    ...ENGINE,
    { bench: 'pages', name: 'pages', run: benchPages },
  ],
  mariadb: [INSTANCES, ...ENGINE, { bench: 'engines', name: 'pt-osc', run: benchEngine('pt-osc') }],
  mysql: [...ENGINE, { bench: 'engines', name: 'gh-ost', run: benchEngine('gh-ost') }],
} as const satisfies Readonly<Record<string, readonly Part[]>>

export function partKey(family: BenchFamily, { name }: Part): string {
  return `${family}: ${name}`
}

export type BenchFamily = keyof typeof PARTS
export const FAMILIES = Object.keys(PARTS) as readonly BenchFamily[]
export const BENCHES: readonly string[] = [
  ...new Set(FAMILIES.flatMap((family): readonly Part[] => PARTS[family]).map(({ bench }) => bench)),
]
