import type { Output } from '../output/output.js'

/**
 * Asks a person on a terminal to type the database's name. In CI, without a terminal or with `--json` nobody is asked, and
 * the flag is what counts.
 */
export function askConsent(
  output: Output,
  verb: string,
): ((database: string, destroys: readonly string[]) => Promise<string | undefined>) | undefined {
  const person = process.stdin.isTTY === true && output.err.isTTY && output.format === 'human' && !process.env.CI
  if (!person) return undefined
  return async (database, destroys) => {
    const { isCancel, text } = await import('@clack/prompts')
    const answer = await text({
      message: `${verb} destroys ${destroys.join(', ')}; this cannot be undone. Type the database's name (${database}) to go on:`,
      output: process.stderr,
    })
    return isCancel(answer) ? undefined : answer
  }
}
