import type { Clock, ToolProcess } from '@phasegate/core'
import { isAlive, signalTool } from '../process/tool-process.js'

/** ms that a tool gets to end by itself after it was asked to, and after SIGTERM. */
const PATIENCE = 20_000
const AFTER_TERM = 5_000
const LOOK_EVERY = 100

/** Asks the tool to end, then tells it to. Returns when it is gone. */
export async function endProcess(clock: Clock, process: ToolProcess, ask: () => Promise<void>): Promise<void> {
  // A tool that does not answer is told by signal.
  await ask().catch(() => {})
  if (await goneWithin(clock, process, PATIENCE)) return
  await signalTool(process, 'SIGTERM')
  if (await goneWithin(clock, process, AFTER_TERM)) return
  await signalTool(process, 'SIGKILL')
  await goneWithin(clock, process, Number.POSITIVE_INFINITY)
}

async function goneWithin(clock: Clock, process: ToolProcess, ms: number): Promise<boolean> {
  const end = clock.now() + ms
  while (await isAlive(process)) {
    if (clock.now() >= end) return false
    await clock.sleep(LOOK_EVERY)
  }
  return true
}
