import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atTestEnd } from './at-test-end.js'
import type { ServerAccount } from './server-account.js'

/** Certificates of a suite's own: an authority, what it signed, and another authority. All are paths of PEM files. */
export interface Certificates {
  readonly folder: string
  readonly ca: string
  readonly otherCa: string
  /** Of a client. */
  readonly client: { readonly cert: string; readonly key: string }
  /** What a server is told: its own, and that it believes both authorities. */
  readonly server: { readonly ca: string; readonly cert: string; readonly key: string }
  /** Removes all of them. Happens by itself at the end of the test that made them. */
  delete(): void
  /** Writes a file that the server may read, and gives its path. */
  write(name: string, lines: readonly string[]): string
  /** Puts one there: for `localhost` and 127.0.0.1, for another host, or signed by the other authority. The server must read it anew, unless it was there already: false. */
  use(which: ServerCertificate): boolean
}

export type ServerCertificate = 'right' | 'other name' | 'other authority'

/** Undefined: certificates can be made here. */
export function whyNoCertificates(): string | undefined {
  return spawnSync('openssl', ['version']).error === undefined ? undefined : 'openssl: apt-get install openssl'
}

/**
 * @param owner of the server's own, which it may want to itself
 * @param client the common name of the client
 */
export function createCertificates(owner: ServerAccount = {}, client = 'client'): Certificates {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-tls-')))
  // The account of a server may make its data in it.
  chmodSync(folder, 0o777)
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  atTestEnd(remove)
  const at = (name: string): string => join(folder, name)
  const openssl = (...given: string[]): void => void execFileSync('openssl', given, { cwd: folder, stdio: 'pipe' })

  const authority = (name: string): void => {
    const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE']
    openssl('req', '-x509', ...FRESH_KEY, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', ...subject)
  }
  const signed = (name: string, by: string, common: string, names: string): void => {
    openssl('req', ...FRESH_KEY, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${common}`)
    writeFileSync(at(`${name}.ext`), names === '' ? '' : `subjectAltName=${names}\n`)
    const from = ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial', '-extfile', `${name}.ext`]
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, '-days', '2', ...from)
  }
  authority('authority')
  authority('other-authority')
  signed('right', 'authority', 'localhost', 'DNS:localhost,IP:127.0.0.1')
  signed('other name', 'authority', 'db.example.org', 'DNS:db.example.org')
  signed('other authority', 'other-authority', 'localhost', 'DNS:localhost,IP:127.0.0.1')
  signed('client', 'authority', client, '')

  // A server of another account, or in a container, reads only what it may.
  mkdirSync(at('server'), { mode: 0o755 })
  const server = { ca: at('server/ca.pem'), cert: at('server/cert.pem'), key: at('server/key.pem') }
  const authorities = ['authority.pem', 'other-authority.pem'].map((name) => readFileSync(at(name), 'utf8'))
  writeFileSync(server.ca, authorities.join(''))
  let shown: ServerCertificate | undefined
  const use = (which: ServerCertificate): boolean => {
    if (which === shown) return false
    shown = which
    for (const [from, to] of [
      [`${which}.pem`, server.cert],
      [`${which}.key`, server.key],
    ] as const) {
      rmSync(to, { force: true })
      copyFileSync(at(from), to)
      if (owner.uid !== undefined && owner.gid !== undefined) chownSync(to, owner.uid, owner.gid)
      chmodSync(to, owner.uid === undefined ? 0o644 : 0o600)
    }
    return true
  }
  use('right')
  return {
    ...{ folder, server, use, delete: remove, ca: at('authority.pem'), otherCa: at('other-authority.pem') },
    write(name, lines) {
      writeFileSync(at(name), lines.map((line) => `${line}\n`).join(''), { mode: 0o644 })
      return at(name)
    },
    client: { cert: at('client.pem'), key: at('client.key') },
  }
}

const FRESH_KEY = ['-newkey', 'rsa:2048', '-nodes']
