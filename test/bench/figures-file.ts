import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BenchFamily, type Part, partKey } from './parts.js'
import { describeFigures, type Figures, type Measured } from './report.js'

const FILE = fileURLToPath(new URL('../../docs/benchmarks.json', import.meta.url))
const REPORT = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url))

/** Puts the figures of one part in the place of those it had; those of the others stay. Writes the report anew. */
export function keepFigures(family: BenchFamily, part: Part, measured: Measured): void {
  const figures = { ...readFigures(), [partKey(family, part)]: measured }
  const sorted = Object.fromEntries(Object.entries(figures).sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`)
  writeFileSync(REPORT, describeFigures(figures))
}

function readFigures(): Figures {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Figures) : {}
}
