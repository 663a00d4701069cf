import type { ExitCode } from '@phasegate/core'
import type { SettingsOptions } from './config/read-settings.js'
import type { Output } from './output/output.js'

/** What a command gets: the words after the verb, its flags, the two streams, and when to stop. */
export interface CommandContext {
  readonly output: Output
  /** Flags that concern the configuration, ready for `readSettings` and the functions of `phasegate/run`. */
  readonly settings: SettingsOptions
  /** Arguments by position; a list for `[units...]`. */
  readonly args: readonly (string | readonly string[] | undefined)[]
  /** The verb's own flags, camel-cased as commander does. */
  readonly flags: Readonly<Record<string, unknown>>
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal
}

/**
 * A verb on the command line: calls its function of `phasegate/run` and prints the result. Returns the exit code; errors
 * are thrown and printed by the program.
 */
export type Command = (context: CommandContext) => Promise<ExitCode>

/** `context.args[index]` where the verb takes one word there. */
export function wordAt(context: CommandContext, index: number): string | undefined {
  const value = context.args[index]
  return typeof value === 'string' ? value : undefined
}

/** `context.args[index]` where the verb takes any number of words. */
export function wordsAt(context: CommandContext, index: number): readonly string[] {
  const value = context.args[index]
  return typeof value === 'object' ? value : []
}

/** A flag that takes text. */
export function textFlag(context: CommandContext, name: string): string | undefined {
  const value = context.flags[name]
  return typeof value === 'string' ? value : undefined
}

/** A flag that is there or not. */
export function isSet(context: CommandContext, name: string): boolean {
  return context.flags[name] === true
}
