import { createHash } from 'node:crypto'

/** The most that a server takes (MySQL Reference Manual, `server_id`); 0 is none. */
const MOST = 2 ** 32 - 1

/** An id for the replica that gh-ost pretends to be: the same for the same run, none that is taken. */
export function serverId(run: string, taken: readonly number[]): number {
  for (let attempt = 0; ; attempt++) {
    const id = createHash('sha256').update(`${run}\n${attempt}`).digest().readUInt32BE(0)
    if (id > 0 && id <= MOST && !taken.includes(id)) return id
  }
}
