import type { EngineTable, Leftovers } from '@phasegate/core'
import type { Command, Ending, Engine, Job, OutputReader } from '../engine.js'
import { findTool, signalTool } from '../process/tool-process.js'
import {
  connectionProblems,
  FILES,
  passwordFile,
  repackArguments,
  repackEnvironment,
  takenArguments,
} from './arguments.js'
import { createCopyRate } from './copy-rate.js'
import { OWNER_MAY, probe } from './probe.js'
import { progressOf } from './progress.js'
import { createReader } from './reader.js'
import { refusals } from './refusals.js'
import { versionProblem } from './version-problem.js'

/** Table and indexes are there twice, and the log of what changes meanwhile (its documentation: "about twice as large"). */
const SIZES = 2

/**
 * pg_repack (reorg.github.io/pg_repack): writes a table anew beside traffic, so that the room of dropped columns and of rows
 * that are gone comes back. It swaps by itself and can be neither held nor paused, so that everything is asked before.
 */
export function createPgRepack(): Engine {
  const rates = new WeakMap<Job, ReturnType<typeof createCopyRate>>()
  return {
    name: 'pg_repack',
    requirements: ['may write the table anew', 'no publication of all tables', 'no invalid index'],
    probe,
    refuses: (task, table) => refusals(task, table),
    cannot: () => ({
      hold: 'pg_repack cannot hold its swap back: gates are asked before it starts',
      pause: 'pg_repack cannot pause: cancel it, and begin again later',
      pace: 'pg_repack has one speed',
    }),
    preflight: async ({ target, session, table, tool, settings }) => {
      const taken = takenArguments(settings.arguments ?? [])
      return [
        ...versionProblem(tool.version, await target.extensionVersion(session, 'pg_repack')),
        ...(tool.features.has(OWNER_MAY) ? [] : await target.unmet(session, table, ['superuser'])),
        ...connectionProblems(await target.connection()),
        ...(taken.length === 0
          ? []
          : [`engines.pg_repack.arguments may not hold ${taken.join(', ')}: that is Phasegate's to say.`]),
      ]
    },
    diskNeeded: ({ bytes }) => SIZES * bytes,
    leftovers: leftoversOf,

    command,
    reader: ({ table }) => createReader(table),
    ask: async (job) => {
      const seen = await job.target.watch?.(job.session, job.table)
      if (seen === undefined) return undefined
      const rate = rates.get(job) ?? createCopyRate(job.clock)
      rates.set(job, rate)
      return progressOf(seen, job.table, rate.take(seen.done))
    },
    judge: (_job, ending, reader) => (mayHaveSwapped(ending, reader) ? 'swapped' : 'failed'),

    pause: async () => {},
    resume: async () => {},
    release: async () => {},
    stop: async ({ run, files }) => {
      const process = run.process ?? (await findTool(files))
      if (process !== undefined) await signalTool(process, 'SIGINT')
    },
    cleanUp: ({ target, session, run }, limits) =>
      target.removeLeftovers(session, { schema: run.schema, name: run.table }, run.leftovers, limits),
  }
}

/** All of it is named by the table's oid, the first part of its identity; the trigger is dropped before its log. */
function leftoversOf({ identity }: EngineTable): Leftovers {
  const oid = identity.split('/')[0]
  return { triggers: ['repack_trigger'], tables: [`repack.log_${oid}`, `repack.table_${oid}`, `repack.pk_${oid}`] }
}

async function command({ table, target, session, tool, files, settings }: Job): Promise<Command> {
  const connection = await target.connection()
  if (connection.password !== '') await files.write(FILES.password, passwordFile(connection))
  const { ca, cert, key } = connection.tls ?? {}
  for (const [name, text] of [
    [FILES.ca, ca],
    [FILES.cert, cert],
    [FILES.key, key],
  ] as const)
    if (text !== undefined) await files.write(name, text)
  const cutOff = (await target.limitsOfAccount?.(session)) ?? []
  return {
    arguments: repackArguments(table, tool, settings.arguments ?? []),
    environment: repackEnvironment(connection, files, cutOff),
  }
}

/** It ends with 0 also where it did nothing; what it says tells, and the catalog decides. */
function mayHaveSwapped({ code, signal }: Ending, reader: OutputReader): boolean {
  const unseen = code === null && signal === null
  return (unseen || code === 0) && reader.failure().length === 0
}
