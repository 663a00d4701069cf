import { addressOf, connectionSettings } from '../../packages/mysql/src/session/connection-settings.js'
import { type MysqlSession, openMysqlSession } from '../../packages/mysql/src/session/mysql-session.js'
import type { Address } from '../../packages/mysql/src/session/translate-error.js'
import { atTestEnd } from '../support/at-test-end.js'

/** A session as the MySQL target opens it, closed when the test ends. */
export async function openSession(url: string, purpose = 'test'): Promise<MysqlSession> {
  const session = await openMysqlSession({
    settings: connectionSettings(url),
    programName: `phasegate/${purpose}`,
    connectTimeout: 5000,
  })
  atTestEnd(() => session.close())
  return session
}

export function addressOfUrl(url: string, account?: string): Address {
  return { ...addressOf(connectionSettings(url)), ...(account === undefined ? {} : { account }) }
}

/** The URL with another account. */
export function asUser(url: string, user: string, password: string): string {
  return url.replace(/\/\/[^@]+@/, `//${user}:${password}@`)
}

/** What `work` throws. */
export async function errorOf(work: Promise<unknown>): Promise<Error & { code?: string; errno?: number }> {
  try {
    await work
  } catch (error) {
    return error as Error
  }
  throw new Error('it did not fail')
}
