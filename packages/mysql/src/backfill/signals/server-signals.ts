import type { ServerSignal, SignalRequest } from '@phasegate/core'
import type { Capabilities } from '../../server/capabilities.js'
import { historyList } from './history-list.js'
import { replicaLag } from './replica-lag.js'
import { threadsRunning } from './threads-running.js'
import { waiters } from './waiters.js'

/** What MySQL and MariaDB tell of how busy they are, each by one short statement. */
export function serverSignals(request: SignalRequest, capabilities: Capabilities): readonly ServerSignal[] {
  return [waiters(request, capabilities), replicaLag(request), threadsRunning(), historyList()]
}
