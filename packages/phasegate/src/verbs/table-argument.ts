import { EXIT, PhasegateError, type QualifiedName } from '@phasegate/core'

/** A name without quotes stands for itself; in double quotes it may hold a dot. */
const NAME = `"(?:[^"]|"")+"|[^."]+`
const TABLE = new RegExp(`^(?:(${NAME})\\.)?(${NAME})$`)

/**
 * Reads `users`, `billing.invoice` or `billing."odd.name"`. Names are as the catalog holds them: nothing is folded to lower
 * case.
 *
 * @throws `VERB.USAGE`
 */
export function readTableArgument(text: string): QualifiedName {
  const [, schema, name] = TABLE.exec(text) ?? []
  if (name === undefined) {
    throw new PhasegateError({
      code: 'VERB.USAGE',
      message: `'${text}' is not a table's name.`,
      next: [`Write users, billing.invoice, or with a dot in a name: '"billing"."odd.name"'.`],
      exit: EXIT.usage,
    })
  }
  return schema === undefined ? { name: plain(name) } : { schema: plain(schema), name: plain(name) }
}

function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
