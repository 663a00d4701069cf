import { EXIT, systemClock } from '@phasegate/core'
import type { Command } from '../command.js'
import { runServe } from '../verbs/serve.js'
import { createWorkerLog } from '../worker/worker-log.js'
import { flag, targetOptions } from './with-progress.js'

/** As a worker's: its data is its log, JSON lines on stdout. */
export const serveCommand: Command = async (context) => {
  const { output } = context
  const emit = createWorkerLog({
    verbose: output.verbose,
    quiet: output.quiet,
    write: output.data,
    now: systemClock.now,
  })
  await runServe({ ...targetOptions(context), ...flag(context, 'tokenFile'), emit })
  return EXIT.done
}
