import { EXIT, type Gate, PhasegateError } from '@phasegate/core'
import { answer } from '../answer.js'
import { parseDuration } from '../duration.js'
import { after } from '../until.js'
import { runProgram } from './run-program.js'
import { readSecrets } from './secrets.js'
import { shownEnd } from './shown-text.js'

export interface CommandOptions {
  /** What the gate is called; default `command(<program>)`. */
  readonly name?: string
  /** Variables of the environment that it gets besides PATH, HOME, LANG, TZ, TMPDIR. Their values are never recorded. */
  readonly environment?: readonly string[]
  /** Where it runs; default: where phasegate runs. */
  readonly cwd?: string
  /** How long it may take; default `30s`. Then its whole process group is killed. */
  readonly timeout?: string
  /** How long an answer counts; default `5m`. */
  readonly counts?: string
}

/**
 * Opens when a program exits 0. Another exit code is `closed` with the end of what it wrote; one that cannot be started,
 * is ended by a signal or takes too long is `unknown`. No shell is involved: the arguments reach it as they are. It finds
 * the unit in `PHASEGATE_UNIT` (`20261122093000_email_verified:contract`) and the database's name in `PHASEGATE_DATABASE`.
 *
 * @throws `GATE.COMMAND`, `GATE.DURATION`; when it is asked, `GATE.ENVIRONMENT` makes it `unknown`
 * @example
 * gates: { contract: [command(['kubectl', 'rollout', 'status', 'deployment/api', '--timeout=1s'], { environment: ['KUBECONFIG'] })] }
 */
export function command(argv: readonly string[], options: CommandOptions = {}): Gate {
  const [program = '', ...args] = argv
  if (program === '' || argv.some((one) => typeof one !== 'string' || one.includes('\0'))) throw badCommand()
  const { environment = [], cwd, timeout = '30s' } = options
  const counts = parseDuration(options.counts ?? '5m')
  const name = options.name ?? `command(${program})`
  return {
    name,
    cost: 1,
    timeout: parseDuration(timeout),
    check: async (context) => {
      const secrets = readSecrets(environment)
      const { migration, phase } = context.unit.id
      const ended = await runProgram(program, args, {
        ...(cwd === undefined ? {} : { cwd }),
        environment: {
          ...secrets,
          PHASEGATE_UNIT: `${migration}:${phase}`,
          PHASEGATE_DATABASE: context.snapshot.database,
        },
        signal: context.signal,
      })
      const text = [ended.stdout, ended.stderr]
        .map((one) => shownEnd(one, secrets))
        .filter((one) => one !== '')
        .join(' / ')
      const said = text === '' ? '' : `: ${text}`
      if (ended.code === null) return answer(context, name, 'unknown', `${program} was ended by ${ended.signal}${said}`)
      const seen = { observed: `exit ${ended.code}`, required: 'exit 0', expiresAt: after(context, counts) }
      const state = ended.code === 0 ? 'open' : 'closed'
      return answer(context, name, state, `${program} exited ${ended.code}${said}`, seen)
    },
  }
}

function badCommand(): PhasegateError {
  return new PhasegateError({
    code: 'GATE.COMMAND',
    message: 'command() got no program to run.',
    why: 'It takes a list of texts, the program first; there is no shell that would take a line apart.',
    next: ["Write for example command(['./old-readers.sh', 'users'])."],
    exit: EXIT.usage,
  })
}
