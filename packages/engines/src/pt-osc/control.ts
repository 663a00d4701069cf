import type { Job } from '../engine.js'
import { findTool, signalTool } from '../process/tool-process.js'
import { FILES } from './arguments.js'
import { WAKE_SIGNAL } from './wake.js'

/** Looked at before each chunk, which takes half a second. */
export async function pause({ files }: Pick<Job, 'files'>): Promise<void> {
  await files.write(FILES.pause, '')
}

/** Wakes it from the sleep between two looks, which else lasts up to a minute. */
export async function resume({ files }: Pick<Job, 'files'>): Promise<void> {
  if (!(await files.exists(FILES.pause))) return
  await files.remove(FILES.pause)
  const process = await findTool(files)
  if (process !== undefined) await signalTool(process, WAKE_SIGNAL)
}

/** Between two statements it ends at once, and leaves its triggers, which are ours to remove before the copy. */
export async function stop({ files }: Pick<Job, 'files'>): Promise<void> {
  await files.write(FILES.pause, '')
  const process = await findTool(files)
  if (process !== undefined) await signalTool(process, 'SIGTERM')
}
