import { type PhasegateEvent, subjectOfEvent, unitName } from '@phasegate/core'
import { formatDuration } from './amounts.js'
import { describeBatches } from './batch-histogram.js'
import { describeProgress } from './progress-line.js'
import { truncate } from './table.js'

/** One event in words; undefined for what only `-v` shows. */
export function describeEvent(event: PhasegateEvent, verbose: boolean): string | undefined {
  const subject = subjectOfEvent(event)
  switch (event.type) {
    case 'lock.waiting':
      return `waiting for the ${event.lock} lock${event.holder === undefined ? '' : ` held by ${event.holder.application || event.holder.user || 'a session'} (${event.holder.client})`}, ${formatDuration(event.waitedMs)}`
    case 'lock.acquired':
      return verbose ? `lock ${event.lock} taken after ${formatDuration(event.waitedMs)}` : undefined
    case 'unit.started':
      return `${unitName(event.unit)} ${event.resumed ? 'resumed' : 'started'}${event.steps === 0 ? '' : `, ${event.steps} step${event.steps === 1 ? '' : 's'}`}`
    case 'unit.changed':
      return `${unitName(event.unit)} ${event.state}${event.reason === undefined ? '' : `: ${event.reason}`}`
    case 'unit.waiting':
      return `${unitName(event.unit)} waits for ${event.for}${event.ms === undefined ? '' : `, ${formatDuration(event.ms)}`}`
    case 'step.started':
      return verbose ? `${unitName(event.unit)} step ${event.position}: ${truncate(event.statement, 160)}` : undefined
    case 'step.retry': {
      const holder = event.holders[0]
      const who =
        holder === undefined
          ? ''
          : `; held by ${holder.application || holder.user || 'a session'} (backend ${holder.backend.id})`
      return `${unitName(event.unit)} step ${event.position}: ${event.reason}${who}; try ${event.attempt + 1} in ${formatDuration(event.pauseMs)}`
    }
    case 'step.done':
      return verbose
        ? `${unitName(event.unit)} step ${event.position} ${event.found ? 'found done' : `done in ${formatDuration(event.ms)}`}`
        : undefined
    case 'gate.checked':
      return verbose
        ? `${unitName(event.unit)} gates: ${event.checks.map((check) => `${check.name} ${check.state}`).join(', ')}`
        : undefined
    case 'batch.done':
      return `${unitName(event.unit)} ${describeProgress(event.progress)}`
    case 'batch.retry':
      return verbose ? `${unitName(event.unit)} batch again with ${event.size} rows: ${event.reason}` : undefined
    case 'row.quarantined':
      return `${unitName(event.unit)} row ${event.key} is in quarantine: ${event.error}`
    case 'backfill.waiting':
      return `${unitName(event.unit)} waits: ${event.reason}`
    case 'backfill.throttled':
      return event.level === null
        ? `${unitName(event.unit)} goes on`
        : `${unitName(event.unit)} ${event.level === 'stop' ? 'waits' : 'goes slower'}: ${event.reason}`
    case 'backfill.reclaimed':
      if (event.reason !== undefined) return `${unitName(event.unit)} cannot be vacuumed: ${event.reason}`
      return verbose ? `${unitName(event.unit)} vacuum ${event.state}, ${formatDuration(event.ms)}` : undefined
    case 'backfill.unseen':
      return `${unitName(event.unit)} does not look at ${event.signal}: ${event.reason}`
    case 'backfill.compared':
      return `${unitName(event.unit)} ${describeProgress(event.progress)}`
    case 'backfill.ended':
      return event.batches.batches === 0
        ? undefined
        : `${unitName(event.unit)} ${describeBatches(event.batches).join('\n')}`
    case 'backfill.verifying':
      return `${unitName(event.unit)} verifying, pass ${event.pass}${event.mismatches === undefined ? '' : `: ${event.mismatches} rows differ`}`
    case 'engine.started': {
      const how = {
        new: 'starts',
        resumed: 'goes on where it had been',
        'taken up': 'is at work and is taken up',
      }
      return `${subject} ${event.engine} ${event.version} ${how[event.how]} on ${event.table}, process ${event.pid}`
    }
    case 'engine.progress':
      return `${subject} ${describeProgress(event.progress)}`
    case 'engine.waiting':
      return `${subject} ${event.engine} waits: ${event.reason}`
    case 'engine.removed':
      return `${subject} what ${event.engine} left is removed: ${[...event.leftovers.triggers, ...event.leftovers.tables].join(', ')}`
    case 'engine.left':
      return `${subject} ${event.engine} goes on by itself, process ${event.pid}, and ${event.holds ? 'waits with its cut-over' : 'swaps when it is done'}; the same command takes it up`
    case 'engine.done':
      return `${subject} ${event.engine} is done with ${event.table} after ${formatDuration(event.ms)}`
    case 'worker.started':
      return `worker started with ${event.migrations} migrations`
    case 'worker.connected':
      return `connected to ${event.database} (${event.server})`
    case 'worker.idle':
      return event.left.length === 0
        ? 'nothing to do'
        : `nothing to do; left alone: ${event.left.map(({ unit, reason }) => `${unit}: ${reason}`).join('; ')}`
    case 'worker.failed':
      return `${event.code ?? 'failed'}: ${event.reason}${event.retryMs === undefined ? '' : `; goes on in ${formatDuration(event.retryMs)}`}`
    case 'worker.stopping':
      return `stopping after this batch: ${event.reason}`
    case 'worker.stopped':
      return `worker stopped; ${event.applied} applied, ${event.failed} failed`
    case 'serve.started':
      return `listening on ${event.url}${event.readOnly ? ', read-only' : ''}`
    case 'serve.acted':
      return `${event.action} by ${event.by} through token ${event.token}: ${event.path}`
    case 'connection.lost':
      return `connection lost (${event.reason}), try ${event.attempt}`
  }
}
