import type { QueryCheck } from '@phasegate/core'
import type { WatchedSignal } from './watched-signal.js'

/** A query of the author's own: its first value against limits; without limits any row is a reason to wait. */
export function querySignal({ sql, limits }: QueryCheck): WatchedSignal {
  return {
    name: `query ${sql.trim().replace(/\s+/g, ' ').slice(0, 60)}`,
    unit: 'count',
    limits: limits ?? { soft: null, hard: 1 },
    onSession: true,
    read: async (session) => {
      const [row] = (await session?.query(sql)) ?? []
      if (limits === null) return { state: 'value', value: row === undefined ? 0 : 1 }
      const [first] = Object.values(row ?? {})
      const value = first === null || first === undefined || first === '' ? Number.NaN : Number(first)
      if (Number.isFinite(value)) return { state: 'value', value }
      throw new Error(row === undefined ? 'it gave no row' : 'its first value is no number')
    },
  }
}
