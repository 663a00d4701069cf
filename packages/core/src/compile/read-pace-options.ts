import { PaceProblem, readOwnThrottle, readWindows } from '../pace/read-pace.js'
import type { AuthoredBackfill } from './authored-migration.js'
import { migrationError } from './migration-errors.js'

/**
 * Reads `only` and `throttle` of a backfill.
 *
 * @throws `BACKFILL.SHAPE` naming the place
 */
export function readPaceOptions(
  { only, throttle }: { readonly only?: unknown; readonly throttle?: unknown },
  file: string,
): Pick<AuthoredBackfill, 'only' | 'throttle'> {
  return {
    ...(only === undefined ? {} : { only: readAt('only', () => readWindows(only), file) }),
    ...(throttle === undefined ? {} : { throttle: readAt('throttle', () => readOwnThrottle(throttle), file) }),
  }
}

function readAt<T>(option: string, read: () => T, file: string): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof PaceProblem)) throw error
    const at = ['backfill', option, ...error.path].join('.')
    throw migrationError('BACKFILL.SHAPE', `${at} is not ${error.expected}.`, { file }, [`Correct ${at}.`])
  }
}
