import type { Dialect } from '@phasegate/core'
import type { Settings } from '../config/settings.js'

/** The dialect of these settings; loaded on first use, since it brings the driver and the SQL parser. */
export async function dialectOf(_settings: Pick<Settings, 'dialect'>): Promise<Dialect> {
  return (await import('@phasegate/postgres')).postgresDialect
}
