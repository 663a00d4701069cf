import { EXIT, type Gate, PhasegateError, shownAddress } from '@phasegate/core'
import { answer } from '../answer.js'
import { parseDuration } from '../duration.js'
import { after } from '../until.js'
import { request } from './request.js'
import { readSecrets } from './secrets.js'
import { shownStart } from './shown-text.js'

export interface HttpOptions {
  /** What the gate is called; default `http(<url without its query>)`. */
  readonly name?: string
  /** Default `GET`. */
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Headers whose values are in the environment: `{ authorization: 'DEPLOY_TOKEN' }` sends what `DEPLOY_TOKEN` holds. They
   * are never recorded or shown, and never go to another origin than the URL's own.
   */
  readonly headersFrom?: Readonly<Record<string, string>>
  /** Body of a POST: text as it is, anything else as JSON. */
  readonly body?: unknown
  /** How long the service may take; default `10s`. */
  readonly timeout?: string
  /** Whether an answer may lead on: `none` (default), to another path of the `same origin`, or `anywhere`. */
  readonly redirects?: 'none' | 'same origin' | 'anywhere'
  /** How long an answer counts; default `5m`. */
  readonly counts?: string
}

/**
 * Opens when a service answers 200. Every other status is `closed` with what it said; no answer is `unknown`. A redirect
 * that is not allowed is no answer. Of the body a mebibyte is read and the first 500 characters are kept.
 *
 * @throws `GATE.URL`, `GATE.DURATION`; when it is asked, `GATE.ENVIRONMENT` makes it `unknown`
 * @example
 * gates: { contract: [http('https://deploy.example/ready', { headersFrom: { authorization: 'DEPLOY_TOKEN' } })] }
 */
export function http(url: string, options: HttpOptions = {}): Gate {
  assertHttpUrl(url)
  const { method = 'GET', headers = {}, headersFrom = {}, body, timeout = '10s', redirects = 'none' } = options
  const counts = parseDuration(options.counts ?? '5m')
  const name = options.name ?? `http(${shownAddress(url)})`
  return {
    name,
    cost: 1,
    timeout: parseDuration(timeout),
    check: async (context) => {
      const secrets = readSecrets(Object.values(headersFrom))
      const secretHeaders = Object.fromEntries(
        Object.entries(headersFrom).map(([header, variable]) => [header, secrets[variable] ?? '']),
      )
      const said = await request({
        url,
        method,
        headers:
          body === undefined || typeof body === 'string' ? headers : { 'content-type': 'application/json', ...headers },
        secretHeaders,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        redirects,
        signal: context.signal,
      })
      const text = shownStart(said.text, { ...secrets, password: new URL(url).password })
      const seen = { observed: `${said.status}`, required: '200', expiresAt: after(context, counts) }
      const reason = `${method} ${shownAddress(url)} answered ${said.status}${text === '' ? '' : `: ${text}`}`
      return answer(context, name, said.status === 200 ? 'open' : 'closed', reason, seen)
    },
  }
}

/** @throws `GATE.URL` */
export function assertHttpUrl(url: string): void {
  if (URL.canParse(url) && ['http:', 'https:'].includes(new URL(url).protocol)) return
  throw new PhasegateError({
    code: 'GATE.URL',
    message: 'A gate got a URL that is not one of HTTP.',
    why: 'It begins with http:// or https:// and names a host.',
    next: ["Write for example http('https://deploy.example/ready')."],
    exit: EXIT.usage,
  })
}
