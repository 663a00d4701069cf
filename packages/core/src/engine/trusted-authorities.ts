import { readFile } from 'node:fs/promises'
import { rootCertificates } from 'node:tls'

/**
 * PEM text of the authorities that Node.js trusts where no other is given, `NODE_EXTRA_CA_CERTS` included: a tool would look
 * elsewhere, in its system or the home directory, and not reach a server that we reach.
 */
export async function trustedAuthorities(): Promise<string> {
  const { NODE_EXTRA_CA_CERTS: file } = process.env
  const extra = file === undefined || file === '' ? '' : await readFile(file, 'utf8')
  return [...rootCertificates, extra].join('\n')
}
