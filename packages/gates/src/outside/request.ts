import { fetchProblem, shownAddress, withoutCredentials } from '@phasegate/core'
import { withoutSecrets } from './secrets.js'

/** Bytes that are read of an answer; what is longer is cut. */
const MOST = 1_048_576
const MOST_REDIRECTS = 5

export interface Request {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that go to the URL's own origin and, over a redirect, nowhere else. */
  readonly secretHeaders?: Readonly<Record<string, string>>
  readonly body?: string
  /** Whither an answer may lead on: nowhere, to other paths of the same origin, or anywhere. */
  readonly redirects?: 'none' | 'same origin' | 'anywhere'
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly status: number
  /** The first mebibyte of it. */
  readonly text: string
  readonly truncated: boolean
}

/** Asks a service over HTTP. Rejects where there is no answer, with what the network said. */
export async function request(asked: Request): Promise<Answer> {
  const first = new URL(asked.url)
  let url = first
  for (let hops = 0; ; hops++) {
    const response = await send(asked, url, url.origin === first.origin)
    const location = response.headers.get('location')
    if (!isRedirect(response.status) || location === null) return read(response)
    await response.body?.cancel()
    const next = new URL(location, url)
    refuseRedirect(asked, first, next, hops)
    url = next
  }
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status)
}

function refuseRedirect({ redirects = 'none', method }: Request, first: URL, next: URL, hops: number): void {
  const to = `it leads on to ${shownAddress(next)}`
  if (redirects === 'none') throw new Error(`${to}, and the gate follows no redirect`)
  if (redirects === 'same origin' && next.origin !== first.origin) throw new Error(`${to}, which is another origin`)
  // What a POST becomes on its way differs between servers.
  if (method === 'POST') throw new Error(`${to}, and a POST is not sent on`)
  if (!['http:', 'https:'].includes(next.protocol)) throw new Error(`${to}, which is not HTTP`)
  if (hops >= MOST_REDIRECTS) throw new Error(`${to}, after ${hops} redirects`)
}

async function send({ method = 'GET', headers, secretHeaders, body, signal }: Request, url: URL, home: boolean) {
  const { address, headers: basic } = withoutCredentials(url)
  try {
    return await fetch(address, {
      method,
      headers: { ...headers, ...(home ? { ...basic, ...secretHeaders } : {}) },
      redirect: 'manual',
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    })
  } catch (error) {
    signal?.throwIfAborted()
    // A header that cannot be sent is quoted with its value.
    throw new Error(`no answer from ${shownAddress(url)}: ${withoutSecrets(fetchProblem(error), secretHeaders ?? {})}`)
  }
}

async function read(response: Response): Promise<Answer> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    bytes += chunk.byteLength
    // Leaving the loop cancels the rest.
    if (bytes > MOST) break
  }
  const text = new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MOST))
  return { status: response.status, text, truncated: bytes > MOST }
}
