import { type BenchFamily, FAMILIES, PARTS, partKey } from './parts.js'
import type { Row } from './row.js'

/** What one part gave, with all that belongs to the figures. */
export interface Measured {
  /** `PostgreSQL 18.4` */
  readonly server: string
  /** `Node.js 20.20.2, 2 cores, linux` */
  readonly machine: string
  /** What gives these figures again. */
  readonly command: string
  readonly rows: readonly Row[]
}

/** By `partKey`. */
export type Figures = Readonly<Record<string, Measured>>

const TITLES: Readonly<Record<BenchFamily, string>> = { postgres: 'PostgreSQL', mariadb: 'MariaDB', mysql: 'MySQL' }

/** docs/benchmarks.md. */
export function describeFigures(figures: Figures): string {
  return [
    '# Benchmarks',
    '',
    'Written by `npm run bench`; each part by its command below. Ratios within one run: each is the median of interleaved pairs, with',
    'their spread, and beside it what the other side gives against itself in the same run. A figure beyond its bound is a MISS, but for',
    'one inside that spread, which says nothing more than that the two are alike.',
    '',
    ...FAMILIES.flatMap((family) => describeFamily(family, figures)),
    'Servers run without fsync. Rows have about 60 bytes; UUID keys are random. Live traffic is a process of its own on the same',
    'machine that reads and writes single rows by random keys at a fixed rate, 250 of each a second; a query that had to wait for the one',
    'before it counts from when it was due. `status` and the readiness handler are measured on PostgreSQL.',
    '',
  ].join('\n')
}

function describeFamily(family: BenchFamily, figures: Figures): readonly string[] {
  const parts = PARTS[family].map((part) => ({ part, measured: figures[partKey(family, part)] }))
  if (parts.every(({ measured }) => measured === undefined)) return []
  const table = [
    ['figure', 'measured', 'aim', 'miss', ''],
    ['---', '---', '---', '---', '---'],
    ...parts.flatMap(({ measured }) => (measured?.rows ?? []).map(cells)),
  ]
  return [
    `## ${TITLES[family]}`,
    '',
    ...table.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...parts.map(({ part, measured }) =>
      measured === undefined
        ? `- ${part.name}: not measured`
        : `- ${part.name}: ${measured.server}, ${measured.machine}; \`${measured.command}\``,
    ),
    '',
  ]
}

function cells({ figure, value, aim, miss, verdict }: Row): readonly string[] {
  return [figure, value, aim, miss, verdict === 'MISS' ? '**MISS**' : verdict]
}
