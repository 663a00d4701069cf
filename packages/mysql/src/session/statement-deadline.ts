import { markStatementTimeout } from './classify-error.js'

/** ms between two attempts to end a statement whose time is up. */
const AGAIN_AFTER = 1000

/**
 * Runs `work`, one statement that may take `ms`, and marks its interruption as a statement timeout where the time was up.
 *
 * @param kill ends the statement; undefined where the server does that by itself. Tried again while the statement goes on.
 *   Nothing of it is under way any more when this returns: the next statement is not the one that was meant.
 */
export async function withDeadline<T>(
  ms: number,
  kill: (() => Promise<void>) | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const started = performance.now()
  let over = false
  let killing: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  const end = async (kill: () => Promise<void>): Promise<void> => {
    // Without a connection to spare it goes on a little longer: the next attempt may get one.
    await kill().catch(() => {})
    if (!over) arm(kill, AGAIN_AFTER)
  }
  const arm = (kill: () => Promise<void>, after: number): void => {
    timer = setTimeout(() => {
      killing = end(kill)
    }, after)
  }
  if (kill !== undefined) arm(kill, ms)
  try {
    return await work()
  } catch (error) {
    if (killing !== undefined || (kill === undefined && performance.now() - started >= ms)) markStatementTimeout(error)
    throw error
  } finally {
    over = true
    await killing
    clearTimeout(timer)
  }
}
