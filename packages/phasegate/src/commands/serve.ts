import { EXIT } from '@phasegate/core'
import type { Command } from '../command.js'
import { daemonLogTo } from '../output/daemon-log.js'
import { runServe } from '../verbs/serve.js'
import { flag, targetOptions } from './with-progress.js'

export const serveCommand: Command = async (context) => {
  const emit = daemonLogTo(context.output)
  await runServe({ ...targetOptions(context), ...flag(context, 'tokenFile'), emit })
  return EXIT.done
}
