import { EXIT, PhasegateError } from '@phasegate/core'

/** Shorter values are no secrets, and would tear words apart. */
const SHORTEST = 4

/** Values of environment variables by the names they are known by. */
export type Secrets = Readonly<Record<string, string>>

/**
 * Reads variables of the environment.
 *
 * @throws `GATE.ENVIRONMENT` for one that is not set: what would go without it is something else than what was meant
 */
export function readSecrets(names: readonly string[], environment: NodeJS.ProcessEnv = process.env): Secrets {
  return Object.fromEntries(
    names.map((name) => {
      const value = environment[name]
      if (value === undefined || value === '') throw notSet(name)
      return [name, value]
    }),
  )
}

/** A text of somebody else's, for a person and the journal: with the names of the secrets in it instead of the secrets. */
export function withoutSecrets(text: string, secrets: Secrets): string {
  return Object.entries(secrets)
    .flatMap(([name, value]) => [[name, value] as const, [name, encodeURIComponent(value)] as const])
    .filter(([, value]) => value.length >= SHORTEST)
    .sort(([, a], [, b]) => b.length - a.length)
    .reduce((shown, [name, value]) => shown.replaceAll(value, `[${name}]`), text)
}

function notSet(name: string): PhasegateError {
  return new PhasegateError({
    code: 'GATE.ENVIRONMENT',
    message: `The environment variable ${name}, which a gate needs, is not set.`,
    why: 'Without it the gate would ask something else than what was meant.',
    next: [`Set ${name} where phasegate runs.`],
    exit: EXIT.usage,
  })
}
