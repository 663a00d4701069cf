import type { Dialect } from '@phasegate/core'
import type { Settings } from '../config/settings.js'
import { DIALECTS } from './dialects.js'

/** The dialect of these settings. */
export async function dialectOf({ dialect }: Pick<Settings, 'dialect'>): Promise<Dialect> {
  const load = DIALECTS[dialect]
  if (load === undefined) throw new Error(`readSettings lets no dialect ${dialect} through`)
  return load()
}
