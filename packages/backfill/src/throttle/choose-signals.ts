import { type ServerSignal, SIGNAL_UNITS, type SignalName, type ThrottleSettings } from '@phasegate/core'
import { httpSignal } from './http-signal.js'
import { prometheusSignal } from './prometheus-signal.js'
import { querySignal } from './query-signal.js'
import type { WatchedSignal } from './watched-signal.js'

export interface ChosenSignals {
  readonly watched: readonly WatchedSignal[]
  /** Limits were given for them, and this server has no such signal. */
  readonly unknown: readonly SignalName[]
}

/** The signals of the server with their limits, configured over default, and those from elsewhere. */
export function chooseSignals(settings: ThrottleSettings, server: readonly ServerSignal[]): ChosenSignals {
  const watched = server.flatMap((signal): WatchedSignal[] => {
    const configured = settings.signals[signal.name]
    const limits = configured === undefined ? signal.limits : configured
    if (limits === null) return []
    return [
      {
        name: WORDS[signal.name],
        unit: SIGNAL_UNITS[signal.name],
        limits,
        onSession: true,
        read: async (session) => {
          if (session === undefined) throw new Error(`${signal.name} is read on a session`)
          return await signal.read(session)
        },
        ...(signal.close === undefined ? {} : { close: () => signal.close!() }),
      },
    ]
  })
  const has = new Set(server.map(({ name }) => name))
  const asked = Object.entries(settings.signals) as readonly [SignalName, unknown][]
  return {
    watched: [
      ...watched,
      ...(settings.queries ?? []).map(querySignal),
      ...(settings.http ?? []).map(httpSignal),
      ...(settings.prometheus ?? []).map(prometheusSignal),
    ],
    unknown: asked.filter(([name, limits]) => limits !== null && !has.has(name)).map(([name]) => name),
  }
}

const WORDS: Readonly<Record<SignalName, string>> = {
  replicaLag: 'replica lag',
  slotWal: 'log kept by replication slots',
  archiveBacklog: 'log files to archive',
  autovacuum: 'autovacuum on the table',
  oldestTransaction: 'age of the oldest transaction',
  waiters: 'sessions waiting for our locks',
  threadsRunning: 'threads running',
  historyList: 'history list length',
}
