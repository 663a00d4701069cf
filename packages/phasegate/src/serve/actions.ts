import { isPhase } from '@phasegate/core'
import { z } from 'zod'
import type { TargetOptions } from '../target/open-runner.js'
import { runPause, runResume } from '../verbs/control.js'
import { runApprove } from '../verbs/decide.js'

/** What a token allows: a path, the shape of the body, and the verb of the command line that it is. */
export interface Action {
  readonly name: string
  readonly shape: z.ZodType<object>
  /** @param options with `by` and `token` of who asks */
  readonly run: (options: TargetOptions, body: object) => Promise<object>
}

const by = z.string().min(1).max(200).optional()
const reason = z.string().max(4000)

const client = z.string().min(1).max(200).optional()

const approval = z.strictObject({ by, reason, for: z.string().optional(), application: client, role: client })
const pause = z.strictObject({ by, reason: reason.optional(), now: z.boolean().optional() })
const resume = z.strictObject({ by, maxRowsPerSecond: z.int().min(1).nullable().optional() })

/**
 * | POST | does |
 * |---|---|
 * | `/migrations/unit/:migration/:phase/approve` | `approve`: `{ reason, for?, by?, application?, role? }` |
 * | `/migrations/backfill/:migration/pause`, `/migrations/pause` | `pause`: `{ reason?, now?, by? }` |
 * | `/migrations/backfill/:migration/resume`, `/migrations/resume` | `resume`: `{ maxRowsPerSecond?, by? }` |
 *
 * Undefined: no such path.
 */
export function actionOf(path: readonly string[]): Action | undefined {
  const [root, kind, migration, phase, verb, ...rest] = path
  if (root !== 'migrations' || rest.length > 0) return undefined
  if (kind === 'unit' && migration !== undefined && isPhase(phase ?? '') && verb === 'approve')
    return action('approve', approval, (options, body) =>
      runApprove({ ...options, unit: `${migration}:${phase}`, ...defined(body) }),
    )
  if (kind === 'backfill' && migration !== undefined && verb === undefined) return control(phase, { migration })
  return migration === undefined ? control(kind, {}) : undefined
}

function control(verb: string | undefined, which: { readonly migration?: string }): Action | undefined {
  if (verb === 'pause')
    return action('pause', pause, (options, body) => runPause({ ...options, ...which, ...defined(body) }))
  if (verb === 'resume')
    return action('resume', resume, (options, { maxRowsPerSecond }) =>
      runResume({ ...options, ...which, ...(maxRowsPerSecond === undefined ? {} : { pace: { maxRowsPerSecond } }) }),
    )
  return undefined
}

function action<T extends object>(
  name: string,
  shape: z.ZodType<T>,
  run: (options: TargetOptions, body: T) => Promise<object>,
): Action {
  return { name, shape, run: (options, body) => run(options, body as T) }
}

type Defined<T> = { [K in keyof T as K extends 'by' ? never : K]: Exclude<T[K], undefined> }

/** Without what is undefined, and without `by`, which is in the options already. */
function defined<T extends object>(body: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(body).filter(([key, value]) => value !== undefined && key !== 'by'),
  ) as Defined<T>
}
