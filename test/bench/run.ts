// npm run bench: measures, prints, and writes each part into docs/benchmarks.md as soon as it is there. What one part
// could not measure costs the others nothing.
import os from 'node:os'
import { parseArgs } from 'node:util'
import type { Sizes } from './bench.js'
import { type BenchServer, START } from './bench-server.js'
import { keepFigures } from './figures-file.js'
import { BENCHES, type BenchFamily, FAMILIES, PARTS, type Part } from './parts.js'

const USAGE = `npm run bench -- [--only ${BENCHES.join(',')}] [--family ${FAMILIES.join(',')}]
                 [--rows 1000000] [--large 10000000] [--pairs 7]`

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: BENCHES.join(',') },
    family: { type: 'string', default: FAMILIES.join(',') },
    rows: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '10000000' },
    pairs: { type: 'string', default: '7' },
  },
})
const only = chosen(values.only, BENCHES)
const families = chosen(values.family, FAMILIES)
const sizes: Sizes = { rows: count(values.rows), large: count(values.large), pairs: count(values.pairs) }
const machine = `Node.js ${process.versions.node}, ${os.cpus().length} cores, ${process.platform}`
const failed: string[] = []

for (const family of families) {
  let server: BenchServer | undefined
  const parts = PARTS[family].filter(({ bench }) => only.includes(bench))
  for (const [position, part] of parts.entries()) {
    console.log(`${family}, ${part.name} (${position + 1} of ${parts.length})`)
    const started = performance.now()
    try {
      server ??= await START[family]()
      await measure(family, part, server)
    } catch (error) {
      failed.push(`${part.name} on ${family}`)
      console.error(`${family}, ${part.name}: FAILED`, error)
      // Whatever is wrong with this server, the next part gets another.
      await stop(server)
      server = undefined
    }
    console.log(`  ${Math.round((performance.now() - started) / 1000)} s`)
  }
  await stop(server)
}
if (failed.length > 0) console.error(`not measured: ${failed.join('; ')}`)
// The keeper of the server holds the process open no longer than this.
process.exit(failed.length > 0 ? 1 : 0)

async function measure(family: BenchFamily, part: Part, { database }: BenchServer): Promise<void> {
  const rows = await part.run({ database, sizes, say: (text) => console.log(`  ${text}`) })
  for (const { figure, value, verdict } of rows) console.log(`  ${figure}: ${value} [${verdict}]`)
  const command = `npm run bench -- --only ${part.bench} --family ${family} --rows ${sizes.rows} --large ${sizes.large} --pairs ${sizes.pairs}`
  keepFigures(family, part, { server: database.server, machine, command, rows })
}

async function stop(server: BenchServer | undefined): Promise<void> {
  await server?.stop().catch((error: unknown) => console.error('the server does not stop:', error))
}

function chosen<T extends string>(list: string, known: readonly T[]): readonly T[] {
  const words = list.split(',')
  const unknown = words.filter((word) => !known.some((name) => name === word))
  if (unknown.length > 0) usage(`unknown: ${unknown.join(', ')}`)
  return known.filter((name) => words.includes(name))
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) usage(`not a count: ${text}`)
  return value
}

function usage(problem: string): never {
  console.error(`${problem}\n\n${USAGE}`)
  process.exit(2)
}
