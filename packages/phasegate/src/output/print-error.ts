import { EXIT, type ExitCode, isPhasegateError, type PhasegateError, type SourceLocation } from '@phasegate/core'
import { redactUrls } from '../config/redact-url.js'
import type { Colors } from './colors.js'
import { annotationLine } from './github.js'
import type { Output } from './output.js'

/**
 * Prints why a verb ended, as the format wants it, and gives the exit code. What is not an error of ours is a bug: exit 1,
 * with its stack and where to report it.
 */
export function printError(error: unknown, output: Output): ExitCode {
  if (!isPhasegateError(error)) return printBug(error, output)
  if (output.format === 'json') output.json({ ok: false, error: error.toJSON() })
  if (output.format === 'github') output.data(annotationLine(annotationOf(error)))
  if (output.format !== 'json') for (const line of errorLines(error, output.err.colors)) output.complain(line)
  if (output.verbose && error.cause !== undefined) output.complain(stackOf(error.cause))
  return error.exit
}

/** Code, place, what, why, next, and the page that says more. */
export function errorLines(error: PhasegateError, colors: Colors): readonly string[] {
  const where = error.where === undefined ? '' : ` ${placeOf(error.where)}`
  return [
    `${colors.red(colors.bold(error.code))}${colors.cyan(where)}`,
    ...indented(error.message),
    ...(error.why === undefined ? [] : indented(error.why).map((line) => colors.dim(line))),
    ...error.next.map((next) => `  ${colors.green('→')} ${next}`),
    colors.dim(`  docs/errors/${error.code}.md`),
  ]
}

export function annotationOf(error: PhasegateError): Parameters<typeof annotationLine>[0] {
  const message = [
    error.message,
    ...(error.why === undefined ? [] : [error.why]),
    ...error.next.map((next) => `→ ${next}`),
  ]
  return {
    level: 'error',
    title: error.code,
    message: message.join('\n'),
    ...(error.where === undefined ? {} : { where: error.where }),
  }
}

/** `file:line`, which terminals and editors make a link of. */
export function placeOf({ file, line }: SourceLocation): string {
  return line === undefined ? file : `${file}:${line}`
}

function indented(text: string): readonly string[] {
  return text.split('\n').map((line) => `  ${line}`)
}

function printBug(error: unknown, output: Output): ExitCode {
  const stack = redactUrls(stackOf(error))
  if (output.format === 'json') {
    const message = redactUrls(error instanceof Error ? error.message : String(error))
    output.json({
      ok: false,
      error: { code: 'BUG', message, next: ['Please report it, with this document.'], meta: { stack } },
    })
  }
  output.complain(
    `${output.err.colors.red(output.err.colors.bold('BUG'))} This is a bug in Phasegate, not in your files.`,
  )
  output.complain(stack)
  output.complain(`  ${output.err.colors.green('→')} Please report it, with the lines above.`)
  return EXIT.bug
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
