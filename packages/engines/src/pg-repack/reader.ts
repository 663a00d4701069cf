import type { EngineProgress, EngineTable } from '@phasegate/core'
import type { OutputReader } from '../engine.js'
import { parseOutputLine, parseWaiting, saysFailure } from './output-line.js'
import { progressOf } from './progress.js'

/** Lines of an error that are worth showing. */
const MOST = 6

/** Reads what pg_repack writes: that it begins, whom it waits for, and why it gave up. It says nothing of how far it is. */
export function createReader(table: Pick<EngineTable, 'rows'>): OutputReader {
  let began = false
  let waitsFor: string | null = null
  let failure: string[] = []
  /** A line without a level goes on with the one above. */
  let explains = false

  return {
    take: (line) => {
      const said = parseOutputLine(line)
      const waiting = parseWaiting(said)
      if (waiting !== undefined)
        waitsFor = `waits for ${waiting.count} transactions that are older than its copy; the first is that of session ${waiting.session}`
      if (said.level === 'INFO' && said.text.startsWith('repacking table ')) began = true
      if (saysFailure(said)) {
        explains = true
        failure = [...failure, said.text].slice(-MOST)
      } else if (explains && (said.level === 'DETAIL' || said.level === 'HINT' || said.level === 'other')) {
        if (said.text.trim() !== '') failure = [...failure, said.text.trim()].slice(-MOST)
      } else explains = false
    },
    progress: (): EngineProgress =>
      progressOf({ state: began ? 'copying' : 'starting', done: null, waitsFor }, table, null),
    failure: () => failure,
  }
}
