import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Environment } from '../config/environment.js'
import { serveTokens } from './serve-errors.js'

/** Who may do something through `phasegate serve`. Secrets are kept as digests only. */
export interface Tokens {
  /** Whether anybody may do anything. */
  readonly any: boolean
  /** The name of the token that an `Authorization` header carries; undefined: none of them. */
  nameOf(authorization: string | undefined): string | undefined
}

const SHORTEST = 20

/**
 * The tokens of a file (`<name> <secret>`, one a line, `#` begins a comment), or of `PHASEGATE_SERVE_TOKEN` (one, named
 * `token`). They come by neither argument nor config file, which others can read.
 *
 * @throws `SERVE.TOKENS`
 */
export function readTokens(file: string | undefined, environment: Environment): Tokens {
  const own = environment.PHASEGATE_SERVE_TOKEN?.trim() ?? ''
  const digests = new Map<string, Buffer>()
  for (const [name, secret] of [
    ...(file === undefined ? [] : readFile(file)),
    ...(own === '' ? [] : [['token', own]]),
  ]) {
    if (name === undefined || secret === undefined) throw serveTokens('a line is not `<name> <secret>`')
    if (secret.length < SHORTEST) throw serveTokens(`the secret of '${name}' has fewer than ${SHORTEST} characters`)
    if (digests.has(name)) throw serveTokens(`two are named '${name}'`)
    digests.set(name, digest(secret))
  }
  return {
    any: digests.size > 0,
    nameOf: (authorization) => {
      const given = digest(/^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '')
      // Each is compared, in constant time: how long it takes tells nothing of any of them.
      let found: string | undefined
      for (const [name, known] of digests) if (timingSafeEqual(given, known)) found = name
      return found
    },
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function readFile(file: string): string[][] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw serveTokens(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`)
  }
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => splitOnce(line))
}

function splitOnce(line: string): string[] {
  const [name, secret, ...rest] = line.split(/\s+/)
  return secret === undefined || rest.length > 0 ? [] : [name!, secret]
}
