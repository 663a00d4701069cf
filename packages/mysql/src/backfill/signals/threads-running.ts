import type { ServerSignal } from '@phasegate/core'

/** Sessions that work or wait inside the server at this moment; every account may see it. */
export function threadsRunning(): ServerSignal {
  return {
    name: 'threadsRunning',
    limits: { soft: 50, hard: 100 },
    read: async (session) => {
      const [row] = await session.query<{ Value: string }>(`SHOW GLOBAL STATUS LIKE 'Threads_running'`)
      if (row === undefined) throw new Error('the server does not tell Threads_running')
      return { state: 'value', value: Number(row.Value) }
    },
  }
}
