import { readFileSync } from 'node:fs'

/** Whom a server process runs as; empty for "as ourselves". */
export interface ServerAccount {
  readonly uid?: number
  readonly gid?: number
}

/**
 * PostgreSQL and PgBouncer refuse to run as root. Root hands over to `postgres` where that account exists, else to
 * `nobody`, which every system has; nobody else can change accounts, nor needs to.
 */
export function serverAccount(): ServerAccount {
  if (process.getuid?.() !== 0) return {}
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${name}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error('running as root, and /etc/passwd has neither a postgres nor a nobody account to run servers as')
}
