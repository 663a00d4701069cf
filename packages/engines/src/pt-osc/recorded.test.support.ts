import { existsSync, readFileSync } from 'node:fs'
import { createReader, type OscReader } from './reader.js'

export const VERSIONS = ['3.2.1-mariadb-10.11', '3.7.1-mysql-9.7'] as const

/** Lines of a real run. */
export function recorded(name: string, stream: 'stdout' | 'stderr'): readonly string[] {
  const file = new URL(`./recordings/${name}.${stream}.txt`, import.meta.url)
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
}

/** What is known of a whole run. */
export function readRecorded(name: string, rows: number | null = null): OscReader {
  const reader = createReader(rows)
  for (const stream of ['stdout', 'stderr'] as const)
    for (const line of recorded(name, stream)) reader.take(line, stream)
  return reader
}
