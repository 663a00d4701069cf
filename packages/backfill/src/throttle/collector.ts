import type { Clock, Session } from '@phasegate/core'
import { withinDeadline } from '../worker/answer-deadline.js'
import { judge, type Observation, type Verdict } from './verdict.js'
import type { WatchedSignal } from './watched-signal.js'

/** Looks at signals beside the work, and answers at any time from what it last saw. */
export interface Collector {
  verdict(): Verdict
  /** When each signal was asked once, or has had its time. */
  readonly ready: Promise<void>
  /** Ends the looking and gives back the session. Never rejects. */
  close(): Promise<void>
}

export interface CollectorOptions {
  readonly signals: readonly WatchedSignal[]
  /** A session for the signals alone. */
  readonly openSession: () => Promise<Session>
  readonly clock: Clock
  /** ms between two looks. */
  readonly everyMs: number
  /** Told once of each signal that cannot be told. */
  readonly onUnseen: (signal: string, reason: string) => void
}

/** So many looks in a row may fail before what was seen last counts for nothing any more. */
const STALE_LOOKS = 4
const LEAST_STALE_MS = 5000
/** How long one look may take at least, however often they are. */
const LEAST_PATIENCE_MS = 2000

export const staleAfter = (everyMs: number): number => Math.max(LEAST_STALE_MS, everyMs * STALE_LOOKS)

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export function startCollector(options: CollectorOptions): Collector {
  const { signals, clock, everyMs } = options
  const ended = new AbortController()
  const seen = new Map<WatchedSignal, Mutable<Observation>>(
    signals.map((signal) => [
      signal,
      { ...pick(signal), value: null, of: undefined, at: null, unseen: false, failure: null },
    ]),
  )
  const session = createLookSession(options, Math.max(LEAST_PATIENCE_MS, everyMs))

  const look = async (signal: WatchedSignal): Promise<void> => {
    const observation = seen.get(signal)!
    if (observation.unseen) return
    try {
      const patience = AbortSignal.any([ended.signal, AbortSignal.timeout(Math.max(LEAST_PATIENCE_MS, everyMs))])
      const reading = signal.onSession
        ? await session.ask((open) => signal.read(open, patience))
        : await signal.read(undefined, patience)
      if (reading.state === 'silent') {
        observation.failure = reading.reason
        return
      }
      observation.at = clock.now()
      observation.failure = null
      if (reading.state === 'value') {
        observation.value = reading.value
        observation.of = reading.of
      } else {
        observation.unseen = true
        options.onUnseen(signal.name, reading.reason)
      }
    } catch (error) {
      // It is no reading: what was seen before grows old, and too old stops the work with this as the reason.
      observation.failure = error instanceof Error ? error.message : String(error)
    }
  }
  const lookAgain = async (work: () => Promise<void>): Promise<void> => {
    while (!ended.signal.aborted) {
      await work()
      await clock.sleep(everyMs, ended.signal).catch(() => {
        // Aborted: the loop ends with it.
      })
    }
  }
  const ofServer = async (): Promise<void> => {
    for (const signal of signals) if (signal.onSession && !ended.signal.aborted) await look(signal)
  }
  const apart = signals.filter((signal) => !signal.onSession)
  const first = [once(ofServer), ...apart.map((signal) => once(() => look(signal)))]
  const loops = first.map(({ work }) => lookAgain(work))
  return {
    verdict: () => judge([...seen.values()], clock.now(), staleAfter(everyMs)),
    ready: Promise.all(first.map(({ done }) => done)).then(() => {}),
    close: async () => {
      ended.abort()
      await Promise.all(loops)
      await session.close()
      await Promise.all(signals.map((signal) => signal.close?.()))
    },
  }
}

function pick({ name, unit, limits }: WatchedSignal): Pick<Observation, 'name' | 'unit' | 'limits'> {
  return { name, unit, limits }
}

/** `work`, with a promise of its first end. */
function once(work: () => Promise<void>): { readonly work: () => Promise<void>; readonly done: Promise<void> } {
  let end = (): void => {}
  const done = new Promise<void>((resolve) => {
    end = resolve
  })
  return { work: () => work().finally(end), done }
}

interface LookSession {
  ask<T>(question: (session: Session) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** One session, opened anew after whatever went wrong on it; no answer within `patienceMs` is something that went wrong. */
function createLookSession({ openSession, clock }: CollectorOptions, patienceMs: number): LookSession {
  let session: Session | undefined
  const drop = async (): Promise<void> => {
    const old = session
    session = undefined
    await old?.close()
  }
  return {
    ask: async (question) => {
      session ??= await openSession()
      const open = session
      try {
        const limits = { lockTimeout: patienceMs, statementTimeout: patienceMs }
        return await withinDeadline(
          open.limited(limits, () => question(open)),
          patienceMs * 2,
          clock,
        )
      } catch (error) {
        // Not awaited: where the network swallows packets, saying goodbye takes as long as asking did.
        void drop()
        throw error
      }
    },
    close: drop,
  }
}
