import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { CompiledBackfill } from '@phasegate/core'
import { onTestFinished } from 'vitest'
import type { AnyDatabase } from '../support/servers.js'

/** An engine in a process of its own. */
export function startEngine({ family, url }: AnyDatabase, backfill: CompiledBackfill, options: object = {}) {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('./run-engine.mjs', import.meta.url)),
      JSON.stringify({ family, url, owner: 'child', backfill, options }),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += String(chunk)
  })
  const exited = once(child, 'exit')
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return {
    child,
    exited,
    output: () => output,
    /** Waits until it has done so many batches. */
    batches: async (many: number) => {
      while (output.split('batch\n').length <= many) {
        if (child.exitCode !== null) throw new Error(`the engine ended too early: ${output}`)
        await sleep(5)
      }
    },
  }
}
