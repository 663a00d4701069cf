import { type Gate, shownAddress } from '@phasegate/core'
import { answer } from '../answer.js'
import { parseDuration } from '../duration.js'
import { after } from '../until.js'
import { assertHttpUrl } from './http.js'
import { request } from './request.js'
import { readSecrets } from './secrets.js'
import { shownStart } from './shown-text.js'

export interface LaunchDarklyOptions {
  readonly project: string
  readonly environment: string
  readonly flag: string
  /** The value of the variation that everybody has to get; default true. */
  readonly serves?: unknown
  /** Variable of the environment that holds an access token which may read; default `LAUNCHDARKLY_ACCESS_TOKEN`. */
  readonly tokenFrom?: string
  /** Default `https://app.launchdarkly.com`. */
  readonly url?: string
  /** How long LaunchDarkly may take; default `10s`. */
  readonly timeout?: string
  /** How long an answer counts; default `5m`. */
  readonly counts?: string
  /** What the gate is called; default `launchDarkly(<flag>)`. */
  readonly name?: string
}

/**
 * Opens when LaunchDarkly says that a flag is `launched` (requested of late, on, one variation for everybody, unchanged for
 * seven days) and that the variation is the right one. `new`, `active` and `inactive` are `closed`; anything else is
 * `unknown`.
 *
 * @throws `GATE.URL`, `GATE.DURATION`; when it is asked, `GATE.ENVIRONMENT` makes it `unknown`
 * @source LaunchDarkly docs: API, Get flag status; Get feature flag
 * @example
 * launchDarkly({ project: 'shop', environment: 'production', flag: 'email-verified-only' })
 */
export function launchDarkly(options: LaunchDarklyOptions): Gate {
  const {
    project,
    environment,
    flag,
    serves = true,
    tokenFrom = 'LAUNCHDARKLY_ACCESS_TOKEN',
    timeout = '10s',
  } = options
  const url = options.url ?? 'https://app.launchdarkly.com'
  assertHttpUrl(url)
  const counts = parseDuration(options.counts ?? '5m')
  const name = options.name ?? `launchDarkly(${flag})`
  return {
    name,
    cost: 1,
    timeout: parseDuration(timeout),
    check: async (context) => {
      const secrets = readSecrets([tokenFrom])
      const ask = async (path: readonly string[], query = ''): Promise<Fields> => {
        const address = new URL(url)
        address.pathname = `${address.pathname.replace(/\/$/, '')}/api/v2/${path.map(encodeURIComponent).join('/')}`
        address.search = query
        const secretHeaders = { authorization: secrets[tokenFrom] ?? '' }
        const said = await request({ url: address.href, secretHeaders, signal: context.signal })
        const shown = `${shownAddress(address)} answered ${said.status}`
        if (said.status !== 200) throw new Error(`${shown}: ${shownStart(said.text, secrets)}`)
        return fieldsOf(said.text, shown)
      }
      const required = `launched, serving ${JSON.stringify(serves)}`
      const status = await ask(['flag-statuses', project, environment, flag])
      const observed = String(status.name)
      const seen = { observed, required, expiresAt: after(context, counts) }
      if (['new', 'active', 'inactive'].includes(observed)) {
        const last = typeof status.lastRequested === 'string' ? `, last requested ${status.lastRequested}` : ''
        return answer(context, name, 'closed', `${flag} is ${observed}, not launched${last}`, seen)
      }
      if (observed !== 'launched')
        return answer(context, name, 'unknown', `${flag} has the status ${observed}`, { observed, required })
      const served = servedBy(
        await ask(['flags', project, flag], `?env=${encodeURIComponent(environment)}`),
        environment,
      )
      if (served === undefined)
        return answer(context, name, 'unknown', `${flag} does not serve one variation to everybody`, {
          observed,
          required,
        })
      const same = JSON.stringify(served.value) === JSON.stringify(serves)
      const reason = `${flag} is launched and serves ${JSON.stringify(served.value)}`
      return answer(context, name, same ? 'open' : 'closed', reason, {
        ...seen,
        observed: `launched, serving ${JSON.stringify(served.value)}`,
      })
    },
  }
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(text: string, shown: string): Fields {
  const body: unknown = JSON.parse(text)
  if (isFields(body)) return body
  throw new Error(`${shown} with what is no object`)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The one variation that everybody gets in an environment; undefined where there is a share, a rule or a target for another. */
function servedBy({ variations, environments }: Fields, environment: string): { readonly value: unknown } | undefined {
  const settings = isFields(environments) ? environments[environment] : undefined
  if (!isFields(settings) || !Array.isArray(variations)) return undefined
  const { on, offVariation, fallthrough, rules = [], targets = [], contextTargets = [], prerequisites = [] } = settings
  if (on === false) return variationAt(variations, offVariation)
  if (on !== true || ![rules, targets, contextTargets, prerequisites].every(Array.isArray)) return undefined
  // A prerequisite that fails serves the off variation.
  const off = (prerequisites as readonly unknown[]).length > 0 ? [offVariation] : []
  const ways = [rules, targets, contextTargets].flatMap((list) => list as readonly unknown[])
  const served = new Set([...off, ...[fallthrough, ...ways].map((way) => (isFields(way) ? way.variation : undefined))])
  return served.size === 1 ? variationAt(variations, [...served][0]) : undefined
}

function variationAt(variations: readonly unknown[], index: unknown): { readonly value: unknown } | undefined {
  const variation = typeof index === 'number' ? variations[index] : undefined
  return isFields(variation) && 'value' in variation ? { value: variation.value } : undefined
}
