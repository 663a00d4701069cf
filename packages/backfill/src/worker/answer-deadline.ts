import type { Clock } from '@phasegate/core'

/**
 * Waits for the server's answer, but not for ever: where a network swallows packets no error ever comes, while the
 * server's own statement timeout has long passed. Rejects with an ETIMEDOUT, which dialects classify as a lost connection.
 */
export async function withinDeadline<T>(answer: Promise<T>, ms: number, clock: Clock): Promise<T> {
  const answered = new AbortController()
  const late = clock.sleep(ms, answered.signal).then(() => {
    throw Object.assign(new Error(`the server did not answer within ${ms} ms`), { code: 'ETIMEDOUT' })
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    answered.abort()
  }
}
