import type { Dialect } from '@phasegate/core'
import type { Settings } from '../config/settings.js'
import { DIALECTS } from './dialects.js'

/** The dialect of these settings, or of a target. */
export async function dialectOf({ dialect }: Pick<Settings, 'dialect'>): Promise<Dialect> {
  const known = DIALECTS[dialect]
  if (known === undefined) throw new Error(`readSettings and targets know no dialect ${dialect}`)
  return known.load()
}
