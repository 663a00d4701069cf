import type { ServerSignal } from '@phasegate/core'
import { historyList } from './history-list.js'
import { threadsRunning } from './threads-running.js'

/** What MySQL and MariaDB tell of how busy they are, each by one short statement. */
export function serverSignals(): readonly ServerSignal[] {
  return [threadsRunning(), historyList()]
}
