import { EXIT, systemClock } from '@phasegate/core'
import { type Command, isSet } from '../command.js'
import { runWorker } from '../verbs/worker.js'
import { createWorkerLog } from '../worker/worker-log.js'
import { targetOptions } from './with-progress.js'

/** A daemon's data is its log: JSON lines on stdout, with `--json` and without. */
export const workerCommand: Command = async (context) => {
  const { output } = context
  const emit = createWorkerLog({
    verbose: output.verbose,
    quiet: output.quiet,
    write: output.data,
    now: systemClock.now,
  })
  await runWorker({
    ...targetOptions(context),
    emit,
    contract: isSet(context, 'contract'),
  })
  return EXIT.done
}
