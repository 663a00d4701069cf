import { redactUrls } from '../config/redact-url.js'
import { type Colors, colorsFor } from './colors.js'

export type Format = 'human' | 'json' | 'github'

export interface OutputOptions {
  readonly format: Format
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean
}

interface Stream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The two streams: stdout carries data, stderr everything else. Everything written is free of passwords. */
export interface Output extends OutputOptions {
  readonly out: { readonly colors: Colors; readonly columns: number }
  readonly err: { readonly colors: Colors; readonly isTTY: boolean; readonly columns: number }
  /** A line of data on stdout. */
  data(text: string): void
  /** The one document of `--json` on stdout. */
  json(document: object): void
  /** A line for a person on stderr; nothing with `--quiet`, and nothing with `--json`, where stderr is JSON lines. */
  say(text: string): void
  /** A line on stderr that nothing silences. */
  complain(text: string): void
  /** As it is, to stderr, for what redraws a line. */
  draw(text: string): void
}

export function createOutput(
  options: OutputOptions,
  stdout: Stream = process.stdout,
  stderr: Stream = process.stderr,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Output {
  const complain = (text: string): void => void stderr.write(`${redactUrls(text)}\n`)
  // Some terminals (script, some CI) say that they have 0 columns.
  return {
    ...options,
    out: { colors: colorsFor(stdout, environment, options.color), columns: stdout.columns || 120 },
    err: {
      colors: colorsFor(stderr, environment, options.color),
      isTTY: stderr.isTTY === true,
      // Asked each time: a person may make the window smaller.
      get columns() {
        return stderr.columns || 120
      },
    },
    data: (text) => void stdout.write(`${redactUrls(text)}\n`),
    json: (document) => void stdout.write(`${redactUrls(JSON.stringify(document, replaceValue, 2))}\n`),
    say: (text) => {
      if (!options.quiet && options.format !== 'json') complain(text)
    },
    complain,
    draw: (text) => void stderr.write(text),
  }
}

/** JSON has no bigint; counts of rows may be one. */
function replaceValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
