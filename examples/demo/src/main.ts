import { once } from 'node:events'
import { type Cleanup, createCleanup } from './cleanup.js'
import { NoServer } from './databases/server-start.js'
import { type DemoOptions, HELP, readOptions } from './options.js'
import { describeResult, succeeded } from './report.js'
import { runDemo } from './run-demo.js'

/** Exit codes: 0 nobody noticed, 1 something failed, 2 wrong usage, or no such server here, 130 or 143 interrupted. */
async function main(): Promise<number> {
  let options: ReturnType<typeof readOptions>
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${HELP}`)
    return 2
  }
  if (options === 'help') {
    console.log(HELP)
    return 0
  }

  const cleanup = createCleanup()
  const interrupted = Promise.race([
    once(process, 'SIGINT').then(() => 130),
    once(process, 'SIGTERM').then(() => 143),
    once(process, 'SIGHUP').then(() => 129),
  ])
  // Its processes are stopped under a story that was interrupted: what it says then is of no interest.
  const code = await Promise.race([interrupted, tell(options, cleanup, interrupted)])
  for (const failure of await cleanup.run()) console.error(`could not clean up: ${messageOf(failure)}`)
  return code
}

async function tell(options: DemoOptions, cleanup: Cleanup, interrupted: Promise<number>): Promise<number> {
  const newBuild = process.env.DEMO_NEW_BUILD === 'broken' ? 'broken' : 'new'
  let ended = false
  void interrupted.then(() => (ended = true))
  const print = (line: string): void => {
    if (!ended) console.log(line)
  }
  try {
    const { result, databaseUrl } = await runDemo(options, newBuild, cleanup, print)
    print(`\n${describeResult(result)}`)
    if (options.keep) {
      print(`\nThe database stays up until Ctrl-C: ${databaseUrl}`)
      await interrupted
    }
    return succeeded(result) ? 0 : 1
  } catch (error) {
    if (error instanceof NoServer) {
      print(error.message)
      return 2
    }
    print(`\nThe demo could not go on: ${messageOf(error)}`)
    return 1
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

// What an interrupted story still waits for is gone with its processes.
process.exit(await main())
