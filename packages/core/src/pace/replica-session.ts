import { isPhasegateError, PhasegateError } from '../error/phasegate-error.js'
import type { Session } from '../ports/session.js'

/**
 * Reads the URL of a replica as the dialect reads that of its target, and says of a problem that it is about a replica.
 *
 * @throws what `read` throws: `DATABASE.URL`
 */
export function readReplicaUrl<T>(url: string, read: (url: string) => T): T {
  try {
    return read(url)
  } catch (error) {
    if (!isPhasegateError(error)) throw error
    const { code, why, next, exit } = error
    const message = 'The URL of a replica (throttle.replicaLag.replicas) cannot be read.'
    throw new PhasegateError({ code, message, next, exit, ...(why === undefined ? {} : { why }) })
  }
}

/** A connection to a replica that is asked now and then. */
export interface ReplicaSession<S extends Session> {
  /** Connects where it is not, anew after whatever went wrong. Rejects with what went wrong, or when it takes too long. */
  ask<T>(question: (session: S) => Promise<T>): Promise<T>
  /** Never rejects. */
  close(): Promise<void>
}

/**
 * Keeps one connection to a replica, of which nothing is expected but answers.
 *
 * @param patienceMs ms after which a replica that says nothing has not answered
 */
export function createReplicaSession<S extends Session>(open: () => Promise<S>, patienceMs: number): ReplicaSession<S> {
  let session: S | undefined
  let closed = false
  const connected = async (): Promise<S> => {
    if (session !== undefined) return session
    const opened = await open()
    // Too late for who has left meanwhile.
    if (closed) void opened.close()
    else session = opened
    return opened
  }
  const drop = async (): Promise<void> => {
    const old = session
    session = undefined
    await old?.close()
  }
  return {
    ask: async (question) => {
      let timer: NodeJS.Timeout | undefined
      const tooLate = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error('it does not answer')), patienceMs)
      })
      try {
        return await Promise.race([connected().then(question), tooLate])
      } catch (error) {
        // Not awaited: where the network swallows packets, saying goodbye takes as long as asking did.
        void drop()
        throw error
      } finally {
        clearTimeout(timer)
      }
    },
    close: async () => {
      closed = true
      await drop()
    },
  }
}
