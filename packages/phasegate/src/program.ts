import { readFileSync } from 'node:fs'
import { EXIT, type ExitCode, isPhasegateError, nearestName } from '@phasegate/core'
import { Command as Commander, CommanderError, Option } from 'commander'
import type { SettingsOptions } from './config/read-settings.js'
import { listenForInterruption } from './interruption.js'
import { createOutput, type Format, type Output } from './output/output.js'
import { printError } from './output/print-error.js'
import { verbFormat, verbNotYet, verbUnknown, verbUsage } from './verb-errors.js'
import { LATER_VERBS, VERBS, type Verb, verbName } from './verb-list.js'

/**
 * Runs the command line and gives the exit code. Prints everything that is to be printed, errors too.
 *
 * @param argv the words after `phasegate`
 */
export async function runProgram(argv: readonly string[]): Promise<ExitCode> {
  const { command, exitCode } = createProgram()
  try {
    await command.parseAsync([...argv], { from: 'user' })
    return exitCode()
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    return printError(error instanceof CommanderError ? usageError(error, argv) : error, earlyOutput(argv))
  }
}

function createProgram(): { readonly command: Commander; readonly exitCode: () => ExitCode } {
  let exit: ExitCode = EXIT.done
  const program = new Commander('phasegate')
    .description('Expand-contract schema migrations.')
    .usage('<verb> [options]')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [verb]', 'print help for a verb')
    .option('--config <file>', 'the config file; default: phasegate.config.{ts,mts,js,mjs} here')
    .option('--database <url>', 'URL of the database')
    .option('--json', 'print one JSON document; progress as JSON lines on stderr')
    .addOption(new Option('--format <format>', 'how to print').choices(['human', 'json', 'github']))
    .option('-q, --quiet', 'no progress and no notes')
    .option('-v, --verbose', 'more of what happens')
    .option('--no-color', 'no colours')
    .exitOverride()
    // Usage errors are thrown and printed like all others; only help that was asked for is data.
    .configureOutput({ writeErr: () => {}, outputError: () => {} })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError(true)
  for (const verb of VERBS) addVerb(program, verb, (code) => (exit = code))
  for (const name of LATER_VERBS) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw verbNotYet(name)
      })
  }
  // What is no verb arrives here, with whatever flags it has.
  program
    .allowUnknownOption()
    .allowExcessArguments()
    .action((_options, command: Commander) => {
      throw unknownVerb(command.args)
    })
  return { command: program, exitCode: () => exit }
}

function addVerb(program: Commander, verb: Verb, done: (code: ExitCode) => void): void {
  const command = program.command(verb.usage).summary(verb.summary).description(capitalized(verb.summary))
  for (const [flag, description] of verb.flags ?? []) command.option(flag, description)
  for (const group of verb.takes ?? [])
    for (const [flag, description] of SETTING_FLAGS[group]) command.option(flag, description)
  command.action(async (...received: unknown[]) => {
    const args = received.slice(0, -2) as (string | string[] | undefined)[]
    const flags = command.optsWithGlobals<Record<string, unknown>>()
    const output = outputOf(flags)
    if (output.format === 'github' && verb.github !== true) {
      throw verbFormat(verbName(verb), VERBS.filter((other) => other.github).map(verbName))
    }
    if (verb.load === undefined) throw verbNotYet(verbName(verb))
    const interruption = listenForInterruption(output.say)
    try {
      const run = await verb.load()
      done(await run({ output, settings: settingsOf(flags, verb), args, flags, signal: interruption.signal }))
    } catch (error) {
      // What a stop made fail is the stop; an error of ours that came first is told.
      const stopped = interruption.signal.aborted && !isPhasegateError(error)
      throw stopped ? interruption.signal.reason : error
    } finally {
      interruption.end()
    }
  })
}

/** Flags over the configuration; each has an environment twin (config/environment.ts). */
const SETTING_FLAGS: Readonly<Record<NonNullable<Verb['takes']>[number], readonly (readonly [string, string])[]>> = {
  lock: [
    ['--lock-timeout <duration>', "how long a statement may queue for a lock: '800ms'"],
    ['--statement-timeout <duration>', 'how long a statement may hold a strong lock'],
    ['--max-lock-wait <duration>', "how long to wait for another runner: '60s'"],
  ],
  batch: [
    ['--batch-size <rows>', 'rows of the first batch'],
    ['--batch-time <duration>', "target time of a batch: '250ms'"],
    ['--workers <count>', 'how many workers of this process share each backfill'],
  ],
  pace: [['--max-rows-per-second <rows>', 'rows that this process may change a second']],
  worker: [
    ['--poll-interval <duration>', "how often to look for work: '5s'"],
    ['--health-port <port>', 'answer GET /health/live and /health/ready there'],
    ['--health-host <address>', 'on which address: 127.0.0.1, in a pod 0.0.0.0'],
    ['--stale-after <duration>', "how long nothing at all may happen before /health/live says so: '2m'"],
  ],
  serve: [
    ['--port <port>', 'the port; default 8686'],
    ['--host <address>', 'the address; default 127.0.0.1, which others do not reach'],
  ],
  compile: [['--server-version <version>', "server version to compile for, without a database: '8.4'"]],
}

function settingsOf(flags: Readonly<Record<string, unknown>>, { takes = [] }: Verb): SettingsOptions {
  const text = (name: string): object => (typeof flags[name] === 'string' ? { [name]: flags[name] } : {})
  const count = (name: string): object => {
    if (typeof flags[name] !== 'string') return {}
    return { [name]: /^-?\d+$/.test(flags[name]) ? Number(flags[name]) : Number.NaN }
  }
  return {
    ...text('config'),
    ...text('database'),
    ...text('lockTimeout'),
    ...text('statementTimeout'),
    ...text('maxLockWait'),
    ...text('batchTime'),
    // `resume` has a flag of that name for another process.
    ...(takes.includes('pace') ? count('maxRowsPerSecond') : {}),
    ...count('batchSize'),
    ...count('workers'),
    ...text('pollInterval'),
    ...count('healthPort'),
    ...text('healthHost'),
    ...text('staleAfter'),
    ...count('port'),
    ...text('host'),
    ...text('serverVersion'),
  }
}

function outputOf(flags: Readonly<Record<string, unknown>>): Output {
  const format = flags.json === true ? 'json' : ((flags.format as Format | undefined) ?? 'human')
  return createOutput({
    format,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    color: flags.color !== false,
  })
}

/** For errors before the flags are parsed, and of the parsing itself. */
function earlyOutput(argv: readonly string[]): Output {
  const flagged = (name: string): boolean => argv.includes(name)
  const format = argv[argv.indexOf('--format') + 1] ?? ''
  const given =
    argv.find((word) => word.startsWith('--format='))?.slice('--format='.length) ?? (flagged('--format') ? format : '')
  return outputOf({
    json: flagged('--json'),
    ...(given === 'json' || given === 'github' ? { format: given } : {}),
    verbose: flagged('-v') || flagged('--verbose'),
    color: !flagged('--no-color'),
  })
}

function unknownVerb(words: readonly string[]): Error {
  const word = words[0]
  if (word === undefined) return verbUsage('Which verb?', 'phasegate --help')
  if (word.startsWith('-')) return verbUsage(`Unknown option '${word}'.`, 'phasegate --help')
  return verbUnknown(word, nearestName(word, [...VERBS.map(verbName), ...LATER_VERBS]))
}

function usageError(error: CommanderError, argv: readonly string[]): Error {
  const message = error.message.replace(/^error: /, '').replace(/\n?\(Did you mean (.*)\?\)$/s, '. Did you mean $1?')
  const verb = argv.find((word) => VERBS.some((known) => verbName(known) === word))
  return verbUsage(capitalized(message), verb === undefined ? 'phasegate --help' : `phasegate ${verb} --help`)
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function version(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return (file as { version: string }).version
}
