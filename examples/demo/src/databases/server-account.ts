import { chownSync, readFileSync } from 'node:fs'

/** Whom a server process runs as; empty for "as ourselves". */
export interface ServerAccount {
  readonly uid?: number
  readonly gid?: number
}

/**
 * Database servers refuse to run as root, so root hands over to the account that a package made for them, or to `nobody`,
 * which every system has.
 */
export function serverAccount(name: string): ServerAccount {
  if (process.getuid?.() !== 0) return {}
  const accounts = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const candidate of [name, 'nobody']) {
    const [, , uid, gid] = accounts.find((line) => line.startsWith(`${candidate}:`))?.split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(`running as root, and there is neither a ${name} nor a nobody account to run the server as`)
}

/** Gives a file or directory to the account. */
export function own(path: string, { uid, gid }: ServerAccount): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}
