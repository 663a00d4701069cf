import type { Engine, Job } from '../engine.js'
import { followLines } from '../process/follow-lines.js'
import { thisHost } from '../process/tool-process.js'

/**
 * Did the tool end by itself while nobody was beside it, its copy complete and kept equal? By all that it has written; how its
 * process ended nobody saw. Its copy is looked at once more before it is swapped, as any other.
 */
export async function endedWhole(engine: Engine, job: Job): Promise<boolean> {
  const { run, files } = job
  if (run.process === null || run.host !== thisHost()) return false
  const reader = engine.reader(job)
  for (const stream of ['stdout', 'stderr'] as const)
    await followLines(files.path(stream)).read((line) => reader.take(line, stream), true)
  return engine.judge(job, { code: null, signal: null }, reader) === 'held'
}
