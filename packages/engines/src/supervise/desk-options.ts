import type { Clock, Emit, EngineName, EngineTarget, Session, Target } from '@phasegate/core'
import type { Engine, ToolSettings } from '../engine.js'

/** When a table is large, and which tool takes it. Times are in ms. */
export interface EngineSettings {
  /** At or above either an in-place build goes to an engine. */
  readonly threshold: { readonly bytes: number; readonly rows: number }
  /** Which is tried first where the author asks for none. */
  readonly prefer: readonly EngineName[]
  readonly tools: { readonly [name in EngineName]?: ToolSettings }
  /** Where runs keep their files on this machine; default: the system's temporary directory. */
  readonly directory?: string
  /** How long a statement of ours may wait for a lock; retried. */
  readonly lockTimeout: number
  readonly retry: { readonly attempts: number; readonly pause: number }
  /** How long to try to reconnect after a lost connection. */
  readonly reconnectTime: number
}

/** Whether the server wants peace: read at any time, from what was seen last. */
export interface ThrottleWatch {
  read(): { readonly level: 'slow' | 'stop'; readonly reason: string } | null
  close(): Promise<void>
}

export interface DeskOptions {
  readonly target: Pick<Target, 'classify' | 'isDatabaseError' | 'tryLock' | 'unlock' | 'lockHolder'> & {
    readonly engine: EngineTarget
  }
  /** Default: every engine there is. */
  readonly engines: readonly Engine[]
  readonly settings: EngineSettings
  /** A session of the supervisor's own. */
  readonly openSession: () => Promise<Session>
  /** Undefined: nothing is looked at but what the tool looks at itself. */
  readonly watchServer?: (table: string) => Promise<ThrottleWatch | undefined>
  readonly clock: Clock
  readonly emit: Emit
  readonly signal: AbortSignal
}
