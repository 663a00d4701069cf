import type { Command } from './command.js'

export interface Verb {
  /** Name and arguments as commander writes them. */
  readonly usage: string
  readonly summary: string
  /** Flags and what they do. */
  readonly flags?: readonly (readonly [flag: string, description: string])[]
  /** Which flags of the configuration it takes, beside `--config` and `--database`. */
  readonly takes?: readonly ('lock' | 'batch' | 'pace' | 'compile' | 'worker' | 'serve')[]
  /** Has `--format github`. */
  readonly github?: boolean
  /** Loads the verb when it is called; without one it is refused as `VERB.NOT_YET`. */
  readonly load?: () => Promise<Command>
}

const CONFIRM = ['--confirm <database>', 'consent to what cannot be undone, by the name of the database'] as const
const REASON = ['--reason <text>', 'why; kept in the journal'] as const
const BY = ['--by <name>', 'who decides; default: the CI actor or the system user'] as const
const PLAN = ['--plan <file>', 'apply this saved plan, or refuse where it no longer fits'] as const
const FOR = ['--for <duration>', "how long it counts: '2h', '7d'"] as const
const APPLICATION = ['--application <name>', 'for this application of the configuration alone'] as const
const ROLE = ['--role <name>', 'for the sessions of this database role alone'] as const

/** Every verb of the command line, in the order of `--help`. */
export const VERBS: readonly Verb[] = [
  {
    usage: 'init',
    summary: 'write phasegate.config.ts and the migrations folder',
    flags: [['--app-roles <roles>', 'database roles of your applications, comma-separated']],
    load: async () => (await import('./commands/init.js')).initCommand,
  },
  {
    usage: 'new <slug>',
    summary: 'write a new migration from a template',
    flags: [
      ['--ts', 'in TypeScript (the default)'],
      ['--sql', 'in SQL'],
    ],
    load: async () => (await import('./commands/new.js')).newCommand,
  },
  {
    usage: 'check [files...]',
    summary: 'load, compile and check migration files; needs no database',
    takes: ['compile'],
    flags: [['--against <source>', 'URL or file of a status document: what must not be changed or used any more']],
    github: true,
    load: async () => (await import('./commands/check.js')).checkCommand,
  },
  {
    usage: 'plan [phase]',
    summary: 'what would run, how, which locks it takes, and which gates hold it',
    flags: [['--out <file>', 'save the plan for --plan']],
    github: true,
    load: async () => (await import('./commands/plan.js')).planCommand,
  },
  {
    usage: 'expand [units...]',
    summary: 'apply pending expand units, or those named',
    takes: ['lock'],
    flags: [
      PLAN,
      ['--long', 'take steps too that an engine executes, for as long as that lasts; else they are left for a worker'],
    ],
    load: async () => (await import('./commands/expand.js')).expandCommand,
  },
  {
    usage: 'backfill [migrations...]',
    summary: 'run pending backfills until they are done, or those named',
    takes: ['lock', 'batch', 'pace'],
    load: async () => (await import('./commands/backfill.js')).backfillCommand,
  },
  {
    usage: 'worker',
    summary: 'run every backfill whose gates are open, and wait for more, until it is stopped',
    flags: [['--contract', 'contracts too; `contract.confirm` of the configuration is the consent']],
    takes: ['lock', 'batch', 'pace', 'worker'],
    load: async () => (await import('./commands/worker.js')).workerCommand,
  },
  {
    usage: 'contract [units...]',
    summary: 'apply pending contract units whose gates are open, or those named',
    takes: ['lock'],
    flags: [CONFIRM, ['--defer', 'exit 0 when a gate is closed'], PLAN],
    github: true,
    load: async () => (await import('./commands/contract.js')).contractCommand,
  },
  {
    usage: 'up',
    summary: 'apply everything at once to an empty or disposable database',
    takes: ['lock', 'batch'],
    flags: [CONFIRM, ['--reset', 'empty a disposable database first']],
    load: async () => (await import('./commands/up.js')).upCommand,
  },
  {
    usage: 'status [migration]',
    summary: 'the status document',
    flags: [
      ['--check', 'exit 4 when something that this build requires is pending'],
      ['--all', 'with --check: when anything is pending'],
      ['--manifest <file>', 'answer for this build'],
    ],
    github: true,
    load: async () => (await import('./commands/status.js')).statusCommand,
  },
  {
    usage: 'wait',
    summary: 'until a unit is applied, or its gate is open',
    flags: [
      ['--for <unit>', '<unit> until it is applied, gate:<unit> until its gates are open'],
      ['--timeout <duration>', "how long at most: '10m'"],
    ],
    load: async () => (await import('./commands/wait.js')).waitCommand,
  },
  {
    usage: 'gate [unit]',
    summary: 'explain the gates of a unit, or of all pending ones',
    load: async () => (await import('./commands/gate.js')).gateCommand,
  },
  {
    usage: 'approve <unit>',
    summary: 'approve a unit',
    flags: [REASON, BY, FOR, APPLICATION, ROLE],
    load: async () => (await import('./commands/approve.js')).approveCommand,
  },
  {
    usage: 'revoke <unit>',
    summary: 'withdraw approvals and overrides of a unit',
    flags: [REASON, BY, APPLICATION, ROLE],
    load: async () => (await import('./commands/revoke.js')).revokeCommand,
  },
  {
    usage: 'override <unit>',
    summary: 'count one gate of a unit as open, once',
    flags: [['--gate <name>', 'which gate'], REASON, BY, FOR],
    load: async () => (await import('./commands/override.js')).overrideCommand,
  },
  {
    usage: 'pause [migration]',
    summary: 'pause a backfill; without a name hold all of the target',
    flags: [['--now', 'also cancel the running statement'], REASON, BY],
    load: async () => (await import('./commands/pause.js')).pauseCommand,
  },
  {
    usage: 'resume [migration]',
    summary: 'let a paused backfill, or the held target, go on; or change how fast a running one goes',
    flags: [['--max-rows-per-second <rows>', 'rows that all its workers may change a second; none: no limit'], BY],
    load: async () => (await import('./commands/resume.js')).resumeCommand,
  },
  {
    usage: 'cancel <migration>',
    summary: 'end a backfill; its cursor is kept',
    flags: [['--now', 'also cancel the running statement'], BY],
    load: async () => (await import('./commands/cancel.js')).cancelCommand,
  },
  {
    usage: 'revert <migration>',
    summary: 'undo an expand while contract is pending',
    takes: ['lock'],
    flags: [CONFIRM, REASON, BY],
    load: async () => (await import('./commands/revert.js')).revertCommand,
  },
  {
    usage: 'repair <unit>',
    summary: 'a step that was interrupted and that only a person can decide: show it, or say what became of it',
    takes: ['lock'],
    flags: [
      ['--happened', 'it has happened: go on behind it'],
      ['--again', 'it has not, or may safely run twice: run it again'],
      REASON,
      BY,
    ],
    load: async () => (await import('./commands/repair.js')).repairCommand,
  },
  {
    usage: 'repack <table>',
    summary: 'write a table anew beside traffic, so that the room of what is gone comes back (PostgreSQL, pg_repack)',
    takes: ['lock'],
    flags: [['--dry-run', 'ask everything that a run would ask, show what it would start, and start nothing'], BY],
    load: async () => (await import('./commands/repack.js')).repackCommand,
  },
  {
    usage: 'fits [manifest]',
    summary: 'may this build run on this database?',
    flags: [['--manifest <file>', 'the same as a flag']],
    load: async () => (await import('./commands/fits.js')).fitsCommand,
  },
  {
    usage: 'verify [migration]',
    summary: 'compare old and new now',
    load: async () => (await import('./commands/verify.js')).verifyCommand,
  },
  {
    usage: 'manifest',
    summary: 'write what a build carries; needs no database',
    takes: ['compile'],
    flags: [
      ['--app <name>', 'the application that is built'],
      ['--out <file>', 'write it to this file instead of stdout'],
      ['--build <name>', 'a name for the build; default: the commit'],
    ],
    load: async () => (await import('./commands/manifest.js')).manifestCommand,
  },
  {
    usage: 'serve',
    summary: 'status, gates, metrics and health over HTTP; with tokens also approve, pause and resume',
    takes: ['serve'],
    flags: [['--token-file <file>', 'who may approve, pause and resume: `<name> <secret>`, one a line']],
    load: async () => (await import('./commands/serve.js')).serveCommand,
  },
  {
    usage: 'doctor',
    summary: 'check the server, privileges and what is in the way',
    load: async () => (await import('./commands/doctor.js')).doctorCommand,
  },
]

/** Verbs of the design that no version has yet. Known, so that they are refused by name. */
export const LATER_VERBS: readonly string[] = ['baseline']

export function verbName(verb: Verb): string {
  return verb.usage.split(' ')[0]!
}
