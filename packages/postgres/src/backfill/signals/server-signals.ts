import type { ServerSignal, SignalRequest } from '@phasegate/core'
import { archiveBacklog } from './archive-backlog.js'
import { autovacuum } from './autovacuum.js'
import { oldestTransaction } from './oldest-transaction.js'
import { replicaLag } from './replica-lag.js'
import { slotWal } from './slot-wal.js'
import { waiters } from './waiters.js'

/** What PostgreSQL tells of how busy it is, each by one short statement over statistics views. */
export function serverSignals(request: SignalRequest): readonly ServerSignal[] {
  return [waiters(request), replicaLag(request), slotWal(), archiveBacklog(), oldestTransaction(), autovacuum(request)]
}
