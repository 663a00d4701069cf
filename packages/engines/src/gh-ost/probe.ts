import { execa } from 'execa'
import type { Tool, ToolSettings } from '../engine.js'
import { missingTool, tooOld } from '../engine-errors.js'

/** It stops on warnings of both the copied rows and the changes it applies (its #1643), and does not hang at the cut-over (#1637). */
const OLDEST = [1, 1, 9] as const
/** It connects to a server that has no `transaction_isolation` (#1724); no release has it yet. */
const OLD_ISOLATION = [1, 1, 11] as const
/** Flags that came with 1.1.10 and with that: how a build that names no version is placed. */
const FLAG_OF_OLDEST_BUILD = ['--statsd-addr', 'x']
const FLAG_OF_OLD_ISOLATION = ['--analyze-ghost-table-before-cutover']

/** ms; it only prints. */
const PATIENCE = 30_000

/** It knows the older name of the isolation level. */
export const OLD_NAMES = 'old names'

/** @throws `ENGINE.MISSING`, `ENGINE.TOO_OLD` */
export async function probe({ path = 'gh-ost' }: ToolSettings): Promise<Tool> {
  const answer = await run(path, ['--version'])
  const version = /^\s*(\S+)(?: \(git commit.*\))?\s*$/.exec(answer.stdout)?.[1]
  if (answer.exitCode !== 0 || version === undefined) throw missingTool('gh-ost', `${path} --version ${answer.said}`)
  const numbers = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (numbers === undefined) {
    // A build from source. `--check-flag` is gh-ost's own way to ask across versions.
    const knows = async (flag: readonly string[]): Promise<boolean> =>
      (await run(path, ['--check-flag', ...flag])).exitCode === 0
    if (!(await knows(FLAG_OF_OLDEST_BUILD)))
      throw tooOld('gh-ost', version, 'a build that names no version must be of 1.1.10 or newer')
    return { path, version, features: new Set((await knows(FLAG_OF_OLD_ISOLATION)) ? [OLD_NAMES] : []) }
  }
  if (!atLeast(numbers, OLDEST))
    throw tooOld(
      'gh-ost',
      version,
      `from ${OLDEST.join('.')} on it stops where a row would be changed or lost by the copy; before, it goes on`,
    )
  return { path, version, features: new Set(atLeast(numbers, OLD_ISOLATION) ? [OLD_NAMES] : []) }
}

async function run(path: string, args: readonly string[]) {
  const { stdout, exitCode, originalMessage } = await execa(path, args, {
    reject: false,
    timeout: PATIENCE,
    stdin: 'ignore',
  })
  const said = exitCode === undefined ? `does not run: ${originalMessage}` : `ended with ${exitCode}`
  return { stdout, exitCode, said }
}

function atLeast(version: readonly number[], oldest: readonly number[]): boolean {
  const first = oldest.findIndex((number, at) => version[at] !== number)
  return first === -1 || version[first]! > oldest[first]!
}
