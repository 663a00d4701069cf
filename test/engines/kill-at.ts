import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { RunningCli } from '../support/run-cli.js'

/** Who is killed with SIGKILL. */
export type Victim = 'tool' | 'supervisor' | 'both'

export const VICTIMS: readonly Victim[] = ['tool', 'supervisor', 'both']

/** As `--json` says it, and as a person reads it. */
const STARTED =
  /"type":"engine\.started".*?"pid":(\d+)|(?:starts|goes on where it had been|is at work and is taken up) on users, process (\d+)/

/**
 * Kills so many ms after the tool was started. False: there was nothing to kill any more.
 *
 * @param patience ms to wait for the tool to be started
 */
export async function killAt(cli: RunningCli, ms: number, victim: Victim, patience = 60_000): Promise<boolean> {
  await cli.waitFor(STARTED, patience)
  const [, json, words] = STARTED.exec(cli.stderr()) ?? STARTED.exec(cli.stdout()) ?? []
  if (await Promise.race([cli.ended.then(() => true), sleep(ms).then(() => false)])) return false
  let killed = victim !== 'tool'
  if (victim !== 'supervisor') {
    try {
      process.kill(Number(json ?? words), 'SIGKILL')
      killed = true
    } catch {
      // It had just ended.
    }
  }
  if (victim !== 'tool') cli.kill('SIGKILL')
  return killed
}

/**
 * Plays rounds, each of which kills at a random moment, until so many have killed somebody before its end. That is a matter of
 * chance, for which the bound leaves room.
 */
export async function untilKilled(kills: number, round: () => Promise<boolean>): Promise<void> {
  for (let killed = 0, rounds = 0; killed < kills; rounds++) {
    expect(rounds, 'killed too late each time').toBeLessThan(20 + 4 * kills)
    if ((await round()) && ++killed % 10 === 0) console.log(`killed ${killed} times so far, nothing lost or left`)
  }
}
