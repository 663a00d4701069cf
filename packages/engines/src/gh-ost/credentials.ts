import type { EngineConnection } from '@phasegate/core'

/** gh-ost takes such a value from its environment (go/base/context.go, `envVariableRegexp`). */
const VARIABLE = /\$\{.*\}/
/** Its reader of INI files puts another value of the file in the place of this (go-ini, `transformValue`). */
const REFERENCE = /%\([^)]+\)s/

/**
 * The file that gh-ost reads user and password from (`--conf`). In three quotes a value stands for itself up to the last
 * three on its line (go-ini, `readValue`); without them `#`, `;`, a backslash or a quote at its end would change it.
 */
export function credentialsFile({ user, password }: Pick<EngineConnection, 'user' | 'password'>): string {
  return `[client]\nuser = """${user}"""\npassword = """${password}"""\n`
}

/** Why gh-ost could not log in with these, each with the way out. Never the value. */
export function credentialProblems({ user, password }: Pick<EngineConnection, 'user' | 'password'>): readonly string[] {
  const wayOut = 'give the account that Phasegate connects as another one.'
  return [
    ...(VARIABLE.test(password)
      ? [`gh-ost would take a password with \${…} in it from its environment: ${wayOut}`]
      : []),
    ...(REFERENCE.test(password) ? [`gh-ost cannot be given a password with %(…)s in it: ${wayOut}`] : []),
    ...(/[\r\n\0]/.test(password) ? [`gh-ost cannot be given a password of more than one line: ${wayOut}`] : []),
    ...(VARIABLE.test(user) || REFERENCE.test(user) || /[:\r\n\0]/.test(user)
      ? [`gh-ost cannot be given a user name with \${…}, %(…)s or a colon in it: connect as another user.`]
      : []),
  ]
}
