import type { EngineTarget, Leftovers } from '@phasegate/core'
import type { Command, Ending, Engine, Job, OutputReader, Tool } from '../engine.js'
import { FILES, ghostArguments, niceRatio, takenArguments } from './arguments.js'
import { say } from './control.js'
import { credentialProblems, credentialsFile } from './credentials.js'
import { OLD_NAMES, probe } from './probe.js'
import { progressOf } from './progress.js'
import { createReader } from './reader.js'
import { refusals } from './refusals.js'
import { createRowRate, type RowRate } from './row-rate.js'
import { serverId } from './server-id.js'
import { parseStatusLine } from './status-line.js'
import { ghostTables } from './table-names.js'
import { unprovenSwap } from './unproven-swap.js'

/** Binary log, keys and values of both a copy and its log are written once more each. */
const SIZES = 2

/**
 * gh-ost (github.com/github/gh-ost): copies a table beside traffic, follows the binary log for what changes meanwhile, and
 * swaps when it is let. Paused and held by files, which count from its first moment and after it was started again; asked
 * and slowed down over its socket.
 *
 * A killed one starts over. Its `--resume` reads the binary log from the checkpoint on before it listens for changes of the
 * table (go/logic/migrator.go, `initiateStreaming` and `addDMLEventsListener`), so that it may lose some (decision 0019).
 */
export function createGhost(): Engine {
  /** Of each job as it is asked; the reader has its own. */
  const rates = new WeakMap<Job, RowRate>()
  return {
    name: 'gh-ost',
    requirements: [
      'InnoDB table',
      'binary log of full rows',
      'may read the binary log',
      'metadata locks shown',
      'may copy the table',
      'may swap the table',
    ],
    probe,
    refuses: (task, table) => refusals(task, table),
    cannot: () => ({}),
    preflight: async ({ target, session, settings, tool }) => {
      const connection = await target.connection()
      const log = await target.binaryLog?.(session)
      const taken = takenArguments(settings.arguments ?? [])
      return [
        ...credentialProblems(connection),
        ...versionProblem(target, tool),
        ...(connection.socket === undefined
          ? []
          : ['gh-ost connects over TCP only: give host and port of the server.']),
        ...(log?.source == null
          ? []
          : [
              `gh-ost would change the table on ${log.source}, which this server replicates from: connect to that one.`,
            ]),
        ...(taken.length === 0
          ? []
          : [
              `engines['gh-ost'].arguments may not hold ${taken.join(', ')}: Phasegate gives it itself, or it would lose rows.`,
            ]),
      ]
    },
    diskNeeded: ({ bytes }) => SIZES * bytes,
    leftovers: ({ name }) => leftoversOf(name),

    command,
    reader: ({ table }) => createReader(table.rows),
    ask: async (job) => {
      const line = (await say(job.files.path(FILES.socket), 'sup'))?.split('\n').map(parseStatusLine).find(Boolean)
      if (line === undefined) return undefined
      const rate = rates.get(job) ?? createRowRate()
      rates.set(job, rate)
      return progressOf(line, { rows: job.table.rows, rate, released: job.run.state === 'cutting over' })
    },
    judge: (_job, ending, reader) => (hasSwapped(ending, reader) ? 'swapped' : 'failed'),

    pause: ({ files }) => files.write(FILES.pause, ''),
    resume: ({ files }) => files.remove(FILES.pause),
    pace: async ({ files, settings }, rest) => {
      await say(files.path(FILES.socket), `nice-ratio=${Math.max(rest, niceRatio(settings.arguments ?? []))}`)
    },
    release: ({ files }) => files.remove(FILES.hold),
    stop: async ({ files }) => {
      await say(files.path(FILES.socket), 'panic')
    },
    unprovenSwap,
    cleanUp: async ({ target, session, table }, limits, unproven) => {
      const names = ghostTables(table.name)
      if (names === undefined) return
      const remove = (tables: readonly string[]): Promise<void> =>
        target.removeLeftovers(session, table, { triggers: [], tables }, limits)
      await remove([names.copy, names.log])
      // Without its copy nothing can be swapped any more. Until then a RENAME that it had sent may have come through: then
      // what stands beside the table is the table before the swap.
      const now = await target.inspect(session, table)
      if (unproven === undefined && now?.identity === table.identity) await remove([names.old])
    },
  }
}

function leftoversOf(table: string): Leftovers {
  const names = ghostTables(table)
  return { triggers: [], tables: names === undefined ? [] : [names.copy, names.log, names.old] }
}

function versionProblem(
  { quirks = [], serverVersion = '' }: EngineTarget,
  { version, features }: Tool,
): readonly string[] {
  if (!quirks.includes('no transaction_isolation') || features.has(OLD_NAMES)) return []
  return [
    `gh-ost ${version} cannot connect to a server of version ${serverVersion}: take a newer one than 1.1.10, or pt-osc.`,
  ]
}

async function command({ task, run, files, target, session, settings }: Job): Promise<Command> {
  const connection = await target.connection()
  const log = await target.binaryLog?.(session)
  await files.write(FILES.credentials, credentialsFile(connection))
  for (const [name, text] of [
    [FILES.ca, connection.tls?.ca],
    [FILES.cert, connection.tls?.cert],
    [FILES.key, connection.tls?.key],
  ] as const)
    if (text !== undefined) await files.write(name, text)
  await files.write(FILES.hold, '')
  // A pause is whoever supervises it now; the one before may be gone.
  await files.remove(FILES.pause)
  return {
    arguments: ghostArguments({
      ...{ task, run, files, connection },
      serverId: serverId(`${run.host}:${run.directory}`, log?.ids ?? []),
      extra: settings.arguments ?? [],
    }),
  }
}

/** It ends with 0 when it has swapped. Where nobody saw its end, the catalog tells. */
function hasSwapped({ code, signal }: Ending, reader: OutputReader): boolean {
  return code === 0 || (code === null && signal === null && reader.progress().state === 'cutting over')
}
