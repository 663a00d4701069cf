import type { EngineConnection, EngineRun, EngineTask } from '@phasegate/core'
import type { RunFiles } from '../run-files.js'

/** Names of the files of a run. */
export const FILES = {
  credentials: 'gh-ost.cnf',
  socket: 'socket',
  /** There: it copies nothing. */
  pause: 'pause',
  /** There: it does not swap. */
  hold: 'hold',
  ca: 'ca.pem',
  cert: 'cert.pem',
  key: 'key.pem',
} as const

/**
 * Seconds that writers wait at most while it swaps; the lock that it asks for waits for twice that (go/logic/applier.go,
 * `AtomicCutOverMagicLock`). Attempts that get none come again, at growing distances.
 */
const CUT_OVER_SECONDS = 2
const CUT_OVER_DISTANCE = 64
/** Attempts of everything that it repeats; those of the cut-over are an hour's worth. */
const RETRIES = 60

export interface GhostCommand {
  readonly task: Pick<EngineTask, 'alter'>
  readonly run: Pick<EngineRun, 'schema' | 'table'>
  readonly files: RunFiles
  readonly connection: EngineConnection
  readonly serverId: number
  readonly extra: readonly string[]
}

/** Nothing secret is in it. */
export function ghostArguments(command: GhostCommand): readonly string[] {
  const { task, run, files, connection, serverId, extra } = command
  return [
    `--conf=${files.path(FILES.credentials)}`,
    `--host=${connection.host}`,
    `--port=${connection.port}`,
    // The port that a server knows of itself is another one behind a container or a forwarded port.
    '--skip-port-validation',
    ...tlsArguments(files, connection),
    `--database=${run.schema}`,
    `--table=${run.table}`,
    // Written anew as it is.
    `--alter=${task.alter === '' ? 'ENGINE=InnoDB' : task.alter}`,
    '--execute',
    '--allow-on-master',
    `--replica-server-id=${serverId}`,
    `--serve-socket-file=${files.path(FILES.socket)}`,
    // One that a killed process left.
    '--initially-drop-socket-file',
    `--postpone-cut-over-flag-file=${files.path(FILES.hold)}`,
    `--throttle-flag-file=${files.path(FILES.pause)}`,
    // Its default, /tmp/gh-ost.throttle, pauses every gh-ost of a machine.
    `--throttle-additional-flag-file=${files.path(FILES.pause)}`,
    '--panic-on-warnings',
    `--default-retries=${RETRIES}`,
    `--cut-over-lock-timeout-seconds=${CUT_OVER_SECONDS}`,
    '--cut-over-exponential-backoff',
    `--exponential-backoff-max-interval=${CUT_OVER_DISTANCE}`,
    // Else it does not say why it fails.
    '--verbose',
    ...extra,
  ]
}

function tlsArguments(files: RunFiles, { tls }: EngineConnection): readonly string[] {
  if (tls === undefined) return []
  return [
    '--ssl',
    ...(tls.mode === 'encrypt' ? ['--ssl-allow-insecure'] : []),
    ...(tls.ca === undefined ? [] : [`--ssl-ca=${files.path(FILES.ca)}`]),
    ...(tls.cert === undefined ? [] : [`--ssl-cert=${files.path(FILES.cert)}`]),
    ...(tls.key === undefined ? [] : [`--ssl-key=${files.path(FILES.key)}`]),
  ]
}

/** What a person may change of the above: how it goes about it, not what it does. */
const OPEN = ['chunk-size', 'cut-over-lock-timeout-seconds', 'default-retries']

/** Would put a secret where everybody sees it, lose rows, swap by itself, or work on another table or server. */
const CLOSED = [
  ...['user', 'password', 'ask-pass', 'master-user', 'master-password', 'assume-master-host', 'gtid'],
  ...['allow-nullable-unique-key', 'approve-renamed-columns', 'skip-renamed-columns', 'discard-foreign-keys'],
  ...['skip-foreign-key-checks', 'include-triggers', 'trigger-suffix', 'remove-trigger-suffix-if-exists'],
  ...['skip-strict-mode', 'test-on-replica', 'migrate-on-replica', 'revert', 'old-table', 'attempt-instant-ddl'],
  ...['timestamp-old-table', 'force-table-names', 'ok-to-drop-table', 'initially-drop-old-table'],
  ...['initially-drop-ghost-table', 'cut-over', 'serve-tcp-port', 'quiet', 'help', 'version', 'check-flag'],
  ...['force-named-panic', 'force-named-cut-over', 'switch-to-rbr', 'noop'],
  ...['checkpoint', 'checkpoint-seconds', 'resume'],
]

/** Of arguments that a person adds, those that may not be. */
export function takenArguments(extra: readonly string[]): readonly string[] {
  const files = { path: (name: string) => name } as RunFiles
  const tls = { mode: 'encrypt', ca: '', cert: '', key: '' } as const
  const connection: EngineConnection = { host: '', port: 0, user: '', password: '', database: '', tls }
  const given = ghostArguments({
    ...{ files, connection, task: { alter: '' }, run: { schema: '', table: '' }, serverId: 0 },
    extra: [],
  })
  const taken = new Set([...given.map(nameOf), ...CLOSED])
  return extra.filter((argument) => taken.has(nameOf(argument)) && !OPEN.includes(nameOf(argument) ?? ''))
}

/** How much a person wants it to rest at least, as an argument that was added; 0: nothing is said of it. */
export function niceRatio(extra: readonly string[]): number {
  const at = extra.findLastIndex((argument) => nameOf(argument) === 'nice-ratio')
  const value = Number(extra[at]?.split('=')[1] ?? extra[at + 1])
  return at !== -1 && value > 0 ? value : 0
}

/** Go's flags: one dash or two, a value after `=` or in the next argument. */
const nameOf = (argument: string): string | undefined => /^--?([^-=][^=]*)/.exec(argument)?.[1]
