import type { ServerSignal } from '@phasegate/core'

interface ArchiverRow {
  readonly archives: boolean
  readonly last: string | null
  readonly current: string
  readonly segment: string
  readonly [key: string]: unknown
}

/**
 * Files of the log between the last that was archived and the one that is written. GitLab waits at 42 of them
 * (lib/gitlab/database/health_status/indicators/write_ahead_log.rb).
 */
export function archiveBacklog(): ServerSignal {
  /** A `.history` or `.backup` file may be the last archived one: then the last file of the log before it counts. */
  let known: bigint | undefined
  return {
    name: 'archiveBacklog',
    limits: { soft: 42, hard: 256 },
    read: async (session) => {
      const [row] = await session.query<ArchiverRow>(
        `SELECT current_setting('archive_mode') <> 'off' AS archives, a.last_archived_wal AS last,
           pg_walfile_name(pg_current_wal_lsn()) AS current,
           (SELECT setting FROM pg_settings WHERE name = 'wal_segment_size') AS segment
         FROM pg_stat_archiver a`,
      )
      if (row === undefined || !row.archives) return { state: 'value', value: 0 }
      if (row.last !== null) known = fileNumber(row.last, Number(row.segment)) ?? known
      const current = fileNumber(row.current, Number(row.segment))
      // Nothing archived yet since the statistics began: then from where we first looked.
      known ??= current
      return { state: 'value', value: Math.max(0, Number((current ?? 0n) - (known ?? 0n)) - 1) }
    },
  }
}

/** The number of a file of the log in it, whatever its timeline: `000000010000000A000000FF`. */
export function fileNumber(name: string, segmentBytes: number): bigint | undefined {
  const match = /^[0-9A-F]{8}([0-9A-F]{8})([0-9A-F]{8})$/.exec(name)
  if (match === null) return undefined
  const perLog = BigInt(0x1_0000_0000 / segmentBytes)
  return BigInt(`0x${match[1]}`) * perLog + BigInt(`0x${match[2]}`)
}
