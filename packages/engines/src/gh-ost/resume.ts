import type { Job } from '../engine.js'
import { followLines } from '../process/follow-lines.js'
import type { RunFiles } from '../run-files.js'
import { asksForCheckpoints } from './arguments.js'
import { CHECKPOINT } from './probe.js'
import { ghostTables } from './table-names.js'

/** What a checkpoint is good for: positions in the binary log mean something on one server, its rows for one ALTER. */
const BASIS = 'basis'
/** A resume that has not shown yet that it works. */
const TRIED = 'resuming'

const basisOf = (job: Job, server: string | undefined): string =>
  JSON.stringify({ server, table: job.run.identity, alter: job.task.alter })

/** What it logs when it has written one. */
const WRITTEN = /INFO checkpoint success /

/**
 * Can the killed run be gone on with? It wrote a checkpoint, the table, the ALTER and the server are still the same, and the
 * last attempt to resume was not in vain, as it is where binary logs were purged.
 */
export async function mayResume(job: Job): Promise<boolean> {
  const { tool, files, target, session, table } = job
  const names = ghostTables(table.name)
  if (names === undefined || !tool.features.has(CHECKPOINT) || !asksForCheckpoints(job.settings.arguments)) return false
  if (await files.exists(TRIED)) return false
  const server = (await target.binaryLog?.(session))?.server
  if (server === undefined || (await files.read(BASIS)) !== basisOf(job, server)) return false
  if (!(await hasCheckpoint(files))) return false
  const wanted = [names.copy, names.log, names.checkpoint]
  const there = await target.existing(session, table, { triggers: [], tables: wanted })
  return wanted.every((name) => there.tables.includes(name))
}

async function hasCheckpoint(files: RunFiles): Promise<boolean> {
  let found = false
  await followLines(files.path('stderr')).read((line) => {
    found ||= WRITTEN.test(line)
  })
  return found
}

/** Called before each start. */
export async function resumeTried(job: Job, server: string | undefined, resumes: boolean): Promise<void> {
  if (resumes) return job.files.write(TRIED, '')
  await job.files.remove(TRIED)
  await job.files.write(BASIS, basisOf(job, server))
}

/** Called with what it has copied by now, and whether that is everything. */
export async function resumeProved(files: RunFiles, copied: number, complete: boolean): Promise<void> {
  const tried = await files.read(TRIED)
  if (tried === undefined) return
  if (complete || (tried !== '' && copied > Number(tried))) await files.remove(TRIED)
  else if (tried === '') await files.write(TRIED, String(copied))
}
