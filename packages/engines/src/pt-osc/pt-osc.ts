import path from 'node:path'
import type { TransactionOptions } from '@phasegate/core'
import type { Command, Ending, Engine, Job, OutputReader } from '../engine.js'
import { FILES, oscArguments, takenArguments } from './arguments.js'
import { pause, resume, stop } from './control.js'
import { credentialProblems, defaultsFile, TLS_FILES } from './credentials.js'
import { cutOver } from './cut-over.js'
import { movedKeysProblem, swapsByItself } from './foreign-keys.js'
import { probe } from './probe.js'
import { createReader, type OscReader } from './reader.js'
import { refusals, versionProblem } from './refusals.js'
import { beginHistory, copiesInChunks, findCheckpoint, keepsHistory, returnToCheckpoint } from './resume.js'
import { leftoversOf } from './table-names.js'
import { WAKE_FILE, WAKE_MODULE, wakeText } from './wake.js'

/** The table and its copy. */
const SIZES = 1.1

/** pt-online-schema-change, from 3.2. Its copy is kept equal by triggers, so that the swap is ours unless foreign keys point here. */
export const ptOsc: Engine = {
  name: 'pt-osc',
  requirements: ['InnoDB table', 'may create triggers', 'may copy the table', 'may swap the table'],
  probe,
  refuses: (task, table, tool) => [...refusals(task, table), ...movedKeysProblem(table, tool)],
  cannot: (table) => ({
    pace: 'pt-online-schema-change has no pace that can be changed while it works',
    ...(swapsByItself(table)
      ? {
          hold: `foreign keys point at the table (${table.referencedBy.map((key) => key.constraint).join(', ')}), so that pt-online-schema-change swaps by itself as soon as its copy is complete`,
        }
      : {}),
  }),
  preflight: async ({ target, tool, settings }) => {
    const taken = takenArguments(settings.arguments ?? [])
    return [
      ...versionProblem(target, tool),
      ...credentialProblems(await target.connection()),
      ...(taken.length === 0
        ? []
        : [
            `engines['pt-osc'].arguments may not hold ${taken.join(', ')}: Phasegate gives it itself, or it would lose rows.`,
          ]),
    ]
  },
  diskNeeded: ({ bytes }) => SIZES * bytes,
  leftovers: leftoversOf,

  command,
  reader: ({ table }) => createReader(table.rows),
  judge,

  pause,
  resume,
  release: cutOver,
  stop,
  canResume: async (job) => (await findCheckpoint(job)) !== undefined,
  cleanUp: ({ target, session, table, run }, limits) => target.removeLeftovers(session, table, run.leftovers, limits),
}

async function command(job: Job, resumes: boolean, limits: TransactionOptions): Promise<Command> {
  const { task, table, target, files, settings } = job
  const checkpoint = resumes ? await returnToCheckpoint(job, limits) : undefined
  if (!resumes) await beginHistory(job)
  const connection = await target.connection()
  await files.write(FILES.credentials, defaultsFile(connection, files))
  for (const name of ['ca', 'cert', 'key'] as const) {
    const text = connection.tls?.[name]
    if (text !== undefined) await files.write(TLS_FILES[name], text)
  }
  await files.write(FILES.config, '')
  await files.write(WAKE_FILE, wakeText(checkpoint?.rows))
  // A pause is whoever supervises it now; the one before may be gone.
  await files.remove(FILES.pause)
  const modules = [files.directory, ...(process.env.PERL5LIB ?? '').split(path.delimiter)].filter((one) => one !== '')
  return {
    arguments: oscArguments({
      ...{ task, table, files, quirks: target.quirks ?? [], extra: settings.arguments ?? [] },
      ...(keepsHistory(job) ? { history: checkpoint === undefined ? {} : { after: checkpoint.id } } : {}),
    }),
    environment: { PERL5LIB: modules.join(path.delimiter), PERL5OPT: `-M${WAKE_MODULE}` },
  }
}

/**
 * Its exit codes say little (any error of Perl's ends with one of the system's), and what it says at the end it says without a swap
 * too: what counts is that it has said of each phase that it came to its end. A copy that changed values is none, nor one
 * that it resumed and then left as it was, since it took the table for a small one.
 */
function judge(job: Job, { code, signal }: Ending, reader: OutputReader): 'held' | 'swapped' | 'failed' {
  const { complete, lossy, expectedOnResume } = reader as OscReader
  const passedOver = !copiesInChunks(job, expectedOnResume() ?? Number.POSITIVE_INFINITY)
  const failed = signal !== null || (code !== null && code !== 0) || !complete() || lossy() || passedOver
  if (failed) return 'failed'
  return swapsByItself(job.table) ? 'swapped' : 'held'
}
