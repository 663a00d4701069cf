import { readFileSync } from 'node:fs'

/** Whom a server process runs as; empty for "as ourselves". */
export interface ServerAccount {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root, so root hands over to `postgres`, or to `nobody`, which every system has. */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() !== 0) return {}
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('running as root, and there is neither a postgres nor a nobody account to run PostgreSQL as')
}
