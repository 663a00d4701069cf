import type { Gate, GateContext } from '@phasegate/core'
import { answer } from '../answer.js'
import { parseDuration } from '../duration.js'
import { after } from '../until.js'

/** What an OpenFeature client answers in detail (OpenFeature specification, 1.4: Flag evaluation). */
export interface FlagDetails {
  readonly value: boolean
  readonly reason?: string | undefined
  readonly variant?: string | undefined
  readonly errorCode?: string | undefined
  readonly errorMessage?: string | undefined
}

/** The part of an OpenFeature client that is asked; one without details will do. */
export interface FlagClient {
  getBooleanValue(key: string, byDefault: boolean, context?: Record<string, string>): Promise<boolean> | boolean
  getBooleanDetails?(
    key: string,
    byDefault: boolean,
    context?: Record<string, string>,
  ): Promise<FlagDetails> | FlagDetails
  readonly providerStatus?: string
}

export interface FlagOptions {
  /** The value that opens; default true. */
  readonly is?: boolean
  /** For whom the flag is evaluated; default `{ targetingKey: 'phasegate' }`. */
  readonly context?: Readonly<Record<string, string>>
  /** How long the client may take; default `10s`. */
  readonly timeout?: string
  /** How long an answer counts; default `5m`. */
  readonly counts?: string
  /** What the gate is called; default `flag(<key>)`. */
  readonly name?: string
}

/** Reasons with which a value says nothing about everybody: it was not evaluated, is old, or is only so for a share. */
const NO_PROOF: Readonly<Record<string, string>> = {
  DEFAULT: 'it is the default, the flag was not evaluated',
  DISABLED: 'the flag is switched off, so that its value is a default',
  ERROR: 'it could not be evaluated',
  STALE: 'the value is stale',
  UNKNOWN: 'the provider does not say where the value comes from',
  SPLIT: 'the flag is split by percentage, so that others get another value',
}

/**
 * Opens when a flag has a value. It is evaluated twice, with both defaults: where the answers differ, they are the defaults
 * and not the flag. Errors, defaults, stale values and percentages are `unknown`.
 *
 * @param client an OpenFeature client, or a function that gives one when the gate is asked
 * @throws `GATE.DURATION`
 * @example
 * flag(() => OpenFeature.getClient(), 'email-verified-only')
 */
export function flag(
  client: FlagClient | (() => FlagClient | Promise<FlagClient>),
  key: string,
  options: FlagOptions = {},
): Gate {
  const { is = true, timeout = '10s' } = options
  const counts = parseDuration(options.counts ?? '5m')
  const name = options.name ?? `flag(${key}${is ? '' : ' is false'})`
  const required = `${is}`
  return {
    name,
    cost: 1,
    timeout: parseDuration(timeout),
    check: async (context) => {
      const asked = typeof client === 'function' ? await client() : client
      const { providerStatus } = asked
      const details = [
        await evaluate(asked, key, false, options, context),
        await evaluate(asked, key, true, options, context),
      ] as const
      const problem =
        providerStatus !== undefined && providerStatus !== 'READY'
          ? `the provider is ${providerStatus}`
          : details.map(whyNoProof).find((one) => one !== undefined)
      const values = details.map((one) => one.value)
      if (problem !== undefined) return answer(context, name, 'unknown', `${key}: ${problem}`, { required })
      if (values[0] !== values[1])
        return answer(context, name, 'unknown', `${key}: it only gives back the default`, { required })
      const { reason, variant } = details[0]
      const how = [variant, reason].filter((one) => one !== undefined).join(', ')
      return answer(
        context,
        name,
        values[0] === is ? 'open' : 'closed',
        `${key} is ${values[0]}${how === '' ? '' : ` (${how})`}`,
        {
          observed: `${values[0]}`,
          required,
          expiresAt: after(context, counts),
        },
      )
    },
  }
}

async function evaluate(
  client: FlagClient,
  key: string,
  byDefault: boolean,
  options: FlagOptions,
  { unit }: GateContext,
): Promise<FlagDetails> {
  const { migration, phase } = unit.id
  const context = { targetingKey: 'phasegate', unit: `${migration}:${phase}`, ...options.context }
  if (client.getBooleanDetails !== undefined) return client.getBooleanDetails(key, byDefault, context)
  return { value: await client.getBooleanValue(key, byDefault, context) }
}

function whyNoProof({ value, reason, errorCode, errorMessage }: FlagDetails): string | undefined {
  if (errorCode !== undefined) return `${errorCode}${errorMessage === undefined ? '' : `: ${errorMessage}`}`
  if (typeof value !== 'boolean') return `its value is no boolean but ${typeof value}`
  return reason === undefined ? undefined : NO_PROOF[reason.toUpperCase()]
}
