import { isPhasegateError, type Session } from '@phasegate/core'
import type { CompareSettings } from '../options.js'

/** The one session that an engine works on, replaced when it was lost. */
export interface WorkerSession {
  /** Opens it on first use. */
  get(): Promise<Session>
  /**
   * Another session for one that was lost. The old one may still be running a statement on the server: it is ended, and
   * whatever it had open is rolled back before anybody goes on.
   */
  replace(lost: unknown): Promise<Session>
  close(): Promise<void>
}

/** How long to wait for a session that was told to end, in ms. Its row locks hold up `readRange` for longer if need be. */
const END_PATIENCE_MS = 5000

export function createWorkerSession(settings: CompareSettings): WorkerSession {
  const { target, clock, signal } = settings
  let session: Session | undefined

  const open = async (): Promise<Session> => {
    const opened = await settings.openSession()
    try {
      // A statement that runs longer than its lease could be taken for dead while it is at work.
      await target.backfill.prepare(opened, {
        lockTimeout: settings.lockTimeoutMs,
        statementTimeout: Math.floor(settings.leaseMs / 2),
      })
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }
  const endOld = async (fresh: Session, old: Session): Promise<void> => {
    await target.terminate(fresh, old.backend)
    for (let waited = 0; waited < END_PATIENCE_MS; waited += 50) {
      if (!(await target.isAlive(fresh, old.backend))) return
      await clock.sleep(50, signal)
    }
  }
  const isPassing = (error: unknown): boolean => {
    const kind = target.classify(isPhasegateError(error) && error.cause !== undefined ? error.cause : error)
    return kind === 'connection' || kind === 'too many connections'
  }
  return {
    get: async () => {
      session ??= await open()
      return session
    },
    replace: async (lost) => {
      const old = session
      session = undefined
      const since = clock.now()
      const reason = lost instanceof Error ? lost.message : String(lost)
      void old?.close()
      for (let attempt = 1; ; attempt++) {
        settings.emit({ type: 'connection.lost', reason, attempt })
        try {
          const fresh = await open()
          session = fresh
          if (old !== undefined) await endOld(fresh, old)
          return fresh
        } catch (error) {
          await session?.close()
          session = undefined
          signal?.throwIfAborted()
          if (!isPassing(error) || clock.now() - since > settings.reconnectMs)
            throw target.translate(error, 'reconnecting for a backfill')
          await clock.sleep(Math.min(2000, 100 * 2 ** attempt) * (0.5 + clock.random()), signal)
        }
      }
    },
    close: async () => {
      await session?.close()
      session = undefined
    },
  }
}
