import type { CommandContext } from '../command.js'
import { textFlag } from '../command.js'
import { createProgress } from '../output/progress.js'
import type { TargetOptions } from '../target/open-runner.js'

/** Runs a verb with its events shown on stderr, and the live line ended before anything else is printed. */
export async function withProgress<T>(
  context: CommandContext,
  run: (options: TargetOptions) => Promise<T>,
): Promise<T> {
  const progress = createProgress(context.output)
  try {
    return await run({ ...targetOptions(context), emit: progress.emit })
  } finally {
    progress.end()
  }
}

/** What every verb on a database takes from the command line. */
export function targetOptions(context: CommandContext): TargetOptions {
  const by = textFlag(context, 'by')
  return { ...context.settings, signal: context.signal, ...(by === undefined ? {} : { by }) }
}

/** A flag under its own name, absent where it was not given. */
export function flag<K extends string>(context: CommandContext, name: K): { readonly [key in K]?: string } {
  const value = textFlag(context, name)
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in K]?: string }
}
