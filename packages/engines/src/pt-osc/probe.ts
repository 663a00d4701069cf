import { execa } from 'execa'
import type { Tool, ToolSettings } from '../engine.js'
import { missingTool, tooOld } from '../engine-errors.js'

/** The oldest that was run: Debian 12's. */
const OLDEST = [3, 2, 0] as const
/** The first that knows the statements of MySQL 8.4 (Percona documentation, "Percona Toolkit updates for 8.4"). */
const WORDS_SINCE = [3, 7, 0] as const

/** It moves foreign keys to its copy, and swaps then; before, it swapped, and moved them then (its PT-1747). */
const KEYS_FIRST_SINCE = [3, 4, 0] as const

/** Moves foreign keys to its copy before it swaps. */
export const KEYS_FIRST = 'keys first'
/** Knows the newer names of statements about replication. */
export const NEW_WORDS = 'new words'

/** The first that keeps notes of how far it is (bin/pt-online-schema-change 3.6.0, `--history`). */
const HISTORY_SINCE = [3, 6, 0] as const

/** Keeps notes of how far it is, by which it can go on. It needs Perl's module JSON for that, which its packages only suggest. */
export const HISTORY = 'history'

/** ms; it only prints. */
const PATIENCE = 30_000

/** @throws `ENGINE.MISSING`, `ENGINE.TOO_OLD` */
export async function probe({ path = 'pt-online-schema-change' }: ToolSettings): Promise<Tool> {
  const { stdout, exitCode, originalMessage } = await askVersion(path)
  const version = /^pt-online-schema-change (\d+\.\d+\.\d+\S*)/m.exec(stdout)?.[1]
  if (exitCode !== 0 || version === undefined) {
    const how = exitCode === undefined ? `does not run: ${originalMessage}` : `ended with ${exitCode}`
    throw missingTool('pt-osc', `${path} --version ${how}`)
  }
  if (!atLeast(version, OLDEST)) throw tooOld('pt-osc', version, `it takes ${OLDEST.join('.')} or newer`)
  const hasJson = atLeast(version, HISTORY_SINCE) && (await askVersion(path, '-MJSON')).exitCode === 0
  return { path, version, features: new Set([...featuresOf(version), ...(hasJson ? [HISTORY] : [])]) }
}

function featuresOf(version: string): readonly string[] {
  return [
    ...(atLeast(version, WORDS_SINCE) ? [NEW_WORDS] : []),
    ...(atLeast(version, KEYS_FIRST_SINCE) ? [KEYS_FIRST] : []),
  ]
}

/** @param options of the Perl that runs it, whichever that is */
const askVersion = (path: string, options?: string) =>
  execa(path, ['--version'], {
    ...{ reject: false, timeout: PATIENCE, stdin: 'ignore' },
    env: options === undefined ? {} : { PERL5OPT: options },
  })

function atLeast(version: string, oldest: readonly number[]): boolean {
  const numbers = version.split('.').map((part) => Number.parseInt(part, 10))
  const first = oldest.findIndex((number, at) => numbers[at] !== number)
  return first === -1 || numbers[first]! > oldest[first]!
}
