import { readFile, statfs } from 'node:fs/promises'
import path from 'node:path'
import type { Session } from '@phasegate/core'

/**
 * Bytes free where the server keeps its data, which no SQL tells. Known only where this process may look at the very data
 * directory of the server: its `postmaster.pid` says since when it runs, and that must be what the server says.
 */
export async function freeBytes(session: Session): Promise<number | null> {
  const [row] = await session.query<{ directory: string | null; started: string }>(
    `SELECT (SELECT setting FROM pg_settings WHERE name = 'data_directory') AS directory,
       extract(epoch FROM pg_postmaster_start_time())::bigint::text AS started`,
  )
  // Hidden from roles without pg_read_all_settings.
  if (row === undefined || row.directory === null) return null
  // PostgreSQL source, pidfile.h: line 3 is the start in seconds since 1970.
  const started = (await readFile(path.join(row.directory, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n')[2]
  if (started === undefined || Math.abs(Number(started) - Number(row.started)) > SECONDS_APART) return null
  const { bavail, bsize } = await statfs(row.directory)
  return bavail * bsize
}

/** The file is written a moment before the server notes its own start. */
const SECONDS_APART = 2
