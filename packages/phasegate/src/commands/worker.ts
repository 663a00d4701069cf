import { EXIT } from '@phasegate/core'
import { type Command, isSet } from '../command.js'
import { daemonLogTo } from '../output/daemon-log.js'
import { runWorker } from '../verbs/worker.js'
import { targetOptions } from './with-progress.js'

export const workerCommand: Command = async (context) => {
  const emit = daemonLogTo(context.output)
  await runWorker({ ...targetOptions(context), emit, contract: isSet(context, 'contract') })
  return EXIT.done
}
