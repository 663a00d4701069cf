import { EXIT, EXIT_PRECEDENCE, type ExitCode } from '../error/phasegate-error.js'

/**
 * The exit code of a run whose units ended differently: the first of cli.md's order that occurs. A code outside that
 * order (a bug, usage, an interruption) ends the run itself and outranks what its units did.
 *
 * @example
 * worstExit([EXIT.done, EXIT.gate, EXIT.failed]) // 9
 */
export function worstExit(codes: readonly ExitCode[]): ExitCode {
  const ofRun = codes.find((code) => code !== EXIT.done && !EXIT_PRECEDENCE.includes(code))
  return ofRun ?? EXIT_PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.done
}
