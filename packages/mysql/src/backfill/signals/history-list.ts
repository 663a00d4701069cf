import type { ServerSignal, Session } from '@phasegate/core'
import { ifAllowed } from '../../session/list-sessions.js'

/** Transactions whose old versions of rows are not purged: what a long read beside the backfill makes grow. */
export function historyList(): ServerSignal {
  return {
    name: 'historyList',
    limits: { soft: 1_000_000, hard: 10_000_000 },
    read: async (session) => {
      const value = await readLength(session)
      if (value !== undefined) return { state: 'value', value }
      return { state: 'unknown', reason: 'the account may not see it: GRANT PROCESS ON *.* to it' }
    },
  }
}

/** MariaDB has it as a status variable, which every account may see; MySQL as a metric, for which it wants PROCESS. */
async function readLength(session: Session): Promise<number | undefined> {
  const [status] = await session.query<{ Value: string }>(`SHOW GLOBAL STATUS LIKE 'Innodb_history_list_length'`)
  if (status !== undefined) return Number(status.Value)
  const [metric] = await ifAllowed(() =>
    session.query<{ length: string | number }>(
      `SELECT \`count\` AS length FROM information_schema.innodb_metrics WHERE name = 'trx_rseg_history_len'`,
    ),
  )
  return metric === undefined ? undefined : Number(metric.length)
}
