import type { Project } from '../support/project.js'
import { type CliOptions, type CliResult, runCli } from '../support/run-cli.js'
import type { AnyDatabase } from '../support/servers.js'

/** What `--json` of a lane says, as far as cases read it. */
export interface LaneJson {
  readonly exit: number
  readonly units: readonly {
    readonly unit: string
    readonly outcome: string
    readonly reason: string
    readonly error?: { readonly code: string; readonly message: string }
  }[]
}

/** Runs a verb of the command line on a database, without the announcement's pause. */
export type Run = (...args: readonly string[]) => Promise<CliResult>

export function verbsOn(project: Project, db: Pick<AnyDatabase, 'url'>, options: CliOptions = {}): Run {
  return (...args) => runCli(project, args, { timeout: 120_000, ...options, env: environment(db, options.env) })
}

export function environment(
  { url }: Pick<AnyDatabase, 'url'>,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return { DATABASE_URL: url, PHASEGATE_CONTRACT_ANNOUNCE: '0ms', ...more }
}

/** Both outputs, to show where a code is not the expected one. */
export function said({ stdout, stderr }: CliResult): string {
  return `${stdout}\n${stderr}`
}
