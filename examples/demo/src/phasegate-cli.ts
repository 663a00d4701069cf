import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The command line that users get as `npx phasegate`. */
const BIN = join(dirname(fileURLToPath(import.meta.resolve('phasegate'))), 'bin.js')

export interface PhasegateCli {
  /**
   * Runs a verb in the folder of a release, with its output for all to see.
   *
   * @param exit the exit code that it must end with
   * @returns seconds that it took
   * @throws Error where it ends otherwise
   */
  run(release: string, args: readonly string[], exit?: number): Promise<number>
  /** Runs a verb and gives what it printed. */
  read(release: string, args: readonly string[]): Promise<string>
  /** Ends what runs. */
  kill(): void
}

export function createPhasegateCli(databaseUrl: string, print: (line: string) => void): PhasegateCli {
  let current: ChildProcess | undefined

  return {
    async run(release, args, exit = 0) {
      print(`\n[${release}]$ npx phasegate ${args.map(quoted).join(' ')}`)
      const startedAt = performance.now()
      const code = await ended(start(release, args, 'inherit'))
      if (code !== 0) print(`(exit ${code})`)
      if (code !== exit) throw new Error(`phasegate ${args[0]} ended with ${code}, expected was ${exit}`)
      return (performance.now() - startedAt) / 1000
    },
    async read(release, args) {
      const child = start(release, args, 'pipe')
      const [code, output] = await Promise.all([ended(child), text(child.stdout!)])
      if (code !== 0) throw new Error(`phasegate ${args[0]} ended with ${code}`)
      return output
    },
    kill: () => void current?.kill('SIGKILL'),
  }

  function start(release: string, args: readonly string[], stdout: 'inherit' | 'pipe'): ChildProcess {
    current = spawn(process.execPath, [BIN, ...args], {
      // The sources: a release is a checkout, with its config and its migration files.
      cwd: fileURLToPath(new URL(`../src/releases/${release}/`, import.meta.url)),
      env: { ...withoutOurs(process.env), DATABASE_URL: databaseUrl },
      stdio: ['ignore', stdout, 'inherit'],
    })
    return current
  }
}

async function ended(child: ChildProcess): Promise<number | string> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return code ?? signal ?? 'nothing'
}

/** Settings of the user's own Phasegate are not for this database. */
function withoutOurs(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('PHASEGATE_')))
}

function quoted(word: string): string {
  return /^[\w./:=-]+$/.test(word) ? word : `'${word}'`
}
