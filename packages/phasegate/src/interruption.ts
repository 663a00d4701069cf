import { EXIT, type ExitCode, PhasegateError } from '@phasegate/core'

export interface Interruption {
  /** Aborted by the first SIGINT or SIGTERM; its reason is `VERB.INTERRUPTED`. */
  readonly signal: AbortSignal
  /** Stops listening. */
  end(): void
}

/**
 * The first SIGINT or SIGTERM asks to stop at the next safe point; the second ends the process at once, with 130 or 143.
 *
 * @param say tells the person that the first one was heard
 */
export function listenForInterruption(say: (text: string) => void): Interruption {
  const controller = new AbortController()
  const hear = (name: 'SIGINT' | 'SIGTERM'): void => {
    const exit = name === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
    if (controller.signal.aborted) process.exit(exit)
    say(`${name}: stopping at the next safe point; once more to stop at once`)
    controller.abort(interrupted(name, exit))
  }
  process.on('SIGINT', hear).on('SIGTERM', hear)
  return {
    signal: controller.signal,
    end: () => void process.off('SIGINT', hear).off('SIGTERM', hear),
  }
}

function interrupted(name: string, exit: ExitCode): PhasegateError {
  return new PhasegateError({
    code: 'VERB.INTERRUPTED',
    message: `Stopped by ${name} at a safe point.`,
    next: ['Run the same command again: it goes on where this one stopped.'],
    exit,
  })
}
