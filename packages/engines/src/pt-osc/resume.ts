import type { TransactionOptions } from '@phasegate/core'
import type { Job } from '../engine.js'
import { followLines } from '../process/follow-lines.js'
import { thisHost } from '../process/tool-process.js'
import { alterOf, givenValue } from './arguments.js'
import { swapsByItself } from './foreign-keys.js'
import { HISTORY } from './probe.js'
import { createReader, type OscReader } from './reader.js'
import { oscNames } from './table-names.js'

/** What a history is good for: one table of these columns, and one ALTER. */
const BASIS = 'basis'

/**
 * It keeps its history in TEXT and reads it as characters, while what it is given are bytes: an ALTER of other characters it takes for
 * another one. Twice in a row, and quoted, it must fit into 65,535 bytes.
 */
const PLAIN = /^[\t\n\r -~]{1,15000}$/
/** As whole numbers of a key are written. Of 0 it says that it is none. */
const WHOLE_NUMBER = /^-?[1-9]\d*$/

/** A table of estimated `chunk-size` times `chunk-size-limit` rows is copied in one statement, by its defaults. */
const CHUNK_SIZE = 1000
const CHUNK_SIZE_LIMIT = 4
/** Estimates move: how often the rows must be there, and what it then expected is looked at after it has ended. */
const MARGIN = 2

/** As the server says it. What is copied takes the room away, and with triggers that write it no writer comes through. */
const NO_ROOM = /\bis full\b|no space left on device/i

/** Resumes in a row that came to nothing, after which it starts over. */
const VAIN = 2

/** The sessions of a killed tool are looked for this often, ms apart: a statement may be on its way still. */
const LOOKS = 4
const LOOK_EVERY = 500

/** Where a run that was killed can be gone on with. */
interface Checkpoint {
  /** Number of its notes. */
  readonly id: string
  /** Every row up to this key is copied, and the server had nothing to say against it. */
  readonly upTo: bigint
}

/**
 * Is a run on this table one that can be gone on with? Then it keeps a history (3.6 and newer, with Perl's JSON), one row a run,
 * updated after each chunk. Not where
 *
 * - foreign keys make the tool swap by itself: nobody counts the rows then;
 * - the key is other than one whole number: others it reads back from text, in which some are not what they were;
 * - a person chose another index, whose values those would be;
 * - the server shows a table in words by which the tool does not know its history again (MariaDB: it fails, seen with 3.7.1).
 */
export function keepsHistory({ task, table, target, tool, settings }: Omit<Job, 'run' | 'files'>): boolean {
  const extra = settings.arguments ?? []
  return (
    tool.features.has(HISTORY) &&
    target.readNotes !== undefined &&
    target.deleteAbove !== undefined &&
    !(target.quirks ?? []).includes('defaults spelled out') &&
    !swapsByItself(table) &&
    keyOf(table) !== undefined &&
    PLAIN.test(alterOf(task)) &&
    givenValue(extra, 'chunk-index') === undefined &&
    givenValue(extra, 'chunk-index-columns') === undefined
  )
}

function keyOf({ keys }: Job['table']): string | undefined {
  const key = keys.find(({ primary }) => primary)
  return key?.wholeNumbers === true && key.columns.length === 1 ? key.columns[0] : undefined
}

/** Called before a run that begins. */
export async function beginHistory(job: Job): Promise<void> {
  await job.files.write(BASIS, basisOf(job))
}

const basisOf = ({ table, task }: Job): string =>
  JSON.stringify({ table: table.identity, columns: table.columns, alter: alterOf(task) })

/**
 * Where the killed run can be gone on with; undefined: it starts over. What was copied up to there is kept equal by the triggers,
 * whether a tool lives or not, so all of them and the copy must be there, the table still be the one that they were made for, and the run have
 * been on this machine: what it wrote here says whether the copy changed values, which is said of each chunk once. Where it found no
 * room on the server's disk, the copy goes.
 */
export async function findCheckpoint(job: Job): Promise<Checkpoint | undefined> {
  const { target, session, table, run, files } = job
  if (!keepsHistory(job) || run.host !== thisHost()) return undefined
  if ((await files.read(BASIS)) !== basisOf(job)) return undefined
  const output = await readOutput(job)
  if (output === undefined || output.lossy() || output.failure().some((line) => NO_ROOM.test(line))) return undefined
  if (!copiesInChunks(job, (table.rows ?? 0) / MARGIN)) return undefined
  const { copy, history, triggers } = oscNames(table)
  const there = await target.existing(session, table, { triggers, tables: [copy, history] })
  if (there.triggers.length < triggers.length || there.tables.length < 2) return undefined
  return checkpointOf(job, (await target.readNotes?.(session, table.schema, history)) ?? [])
}

/**
 * With an estimate as low as that it copies the whole table in one statement, and where it resumes then, nothing at all, and says that all
 * went well (bin/pt-online-schema-change 3.7.1, `can_nibble` and `_get_bounds`).
 *
 * @param rows that it expects
 */
export function copiesInChunks({ settings }: Pick<Job, 'settings'>, rows: number): boolean {
  const given = (name: string, normally: number): number =>
    Number(givenValue(settings.arguments ?? [], name) ?? normally)
  return rows > given('chunk-size', CHUNK_SIZE) * Math.max(1, given('chunk-size-limit', CHUNK_SIZE_LIMIT))
}

/** Each run that was resumed began where the one before had come to, so that the last that came anywhere counts. */
function checkpointOf(
  { table, task }: Job,
  notes: readonly Readonly<Record<string, string | null>>[],
): Checkpoint | undefined {
  const at = notes.findLastIndex((note) => note.upper_boundary !== null)
  const note = notes[at]
  if (note === undefined || notes.length - 1 - at >= VAIN || notes.some(({ done }) => done !== 'no')) return undefined
  const { job_id: id, lower_boundary: lower, upper_boundary: upper } = note
  const same =
    note.db === table.schema &&
    note.tbl === table.name &&
    note.new_table_name === oscNames(table).copy &&
    note.altr === alterOf(task)
  if (!same || id == null || !WHOLE_NUMBER.test(lower ?? '') || !WHOLE_NUMBER.test(upper ?? '')) return undefined
  return { id, upTo: BigInt(upper!) }
}

/** Undefined: what a run has written is gone. */
async function readOutput(job: Job): Promise<OscReader | undefined> {
  const reader = createReader(job.table.rows)
  for (const stream of ['stdout', 'stderr'] as const) {
    if (!(await job.files.exists(stream))) return undefined
    await followLines(job.files.path(stream)).read((line) => reader.take(line, stream), true)
  }
  return reader
}

/**
 * Takes the copy back to its checkpoint. A chunk is in the copy before the tool has asked what the server had to say against it (a value
 * that was cut) and before it has noted that it is; copied once more, the server has to say of each row that it is there already, and keeps 1024
 * such warnings, so that the one that counts would not be seen.
 * So every row above the checkpoint goes, also those that triggers brought: they are copied again with the others.
 *
 * @returns the number of its notes, and how many rows were copied; null: unknown
 * @throws where it cannot be gone on with after all; `ENGINE.STILL_RUNS`; a lock timeout or a deadlock, after which it can be called again
 */
export async function returnToCheckpoint(
  job: Job,
  limits: TransactionOptions,
): Promise<{ readonly id: string; readonly rows: number | null }> {
  const { target, session, table, clock, signal } = job
  const { copy, history } = oscNames(table)
  for (let look = 0; look < LOOKS; look++) {
    if (look > 0) await clock.sleep(LOOK_EVERY, signal)
    await target.endSessionsOn?.(session, table, [copy, history])
  }
  const checkpoint = await findCheckpoint(job)
  const key = keyOf(table)
  if (checkpoint === undefined || key === undefined)
    throw new Error(`the copy of ${table.name} has no checkpoint any more`)
  await target.deleteAbove?.(session, { schema: table.schema, name: copy }, key, checkpoint.upTo, limits, signal)
  return { id: checkpoint.id, rows: (await readOutput(job))?.copied() ?? null }
}
