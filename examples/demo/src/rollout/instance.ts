import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The releases of the application; `broken` is there for the test of the demo itself. */
export type Release = 'old' | 'both' | 'new' | 'broken'

export interface Instance {
  readonly name: string
  readonly release: Release
  readonly port: number
  /** True once it has ended. */
  readonly ended: boolean
  /** SIGTERM, as Kubernetes does it; resolves when the process is gone. */
  stop(): Promise<void>
  kill(): void
}

export interface InstanceSettings {
  readonly release: Release
  readonly name: string
  readonly databaseUrl: string
  /** The build manifest's file. */
  readonly manifest: string
}

/** Starts a process of the application; resolves when its server listens, ready or not. */
export async function startInstance({ release, name, databaseUrl, manifest }: InstanceSettings): Promise<Instance> {
  const child = fork(fileURLToPath(new URL(`../releases/${release}/main.js`, import.meta.url)), {
    env: { ...process.env, DATABASE_URL: databaseUrl, MANIFEST: manifest, INSTANCE: name },
  })
  const port = await portOf(child, name)
  return {
    name,
    release,
    port,
    get ended() {
      return child.exitCode !== null || child.signalCode !== null
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

async function portOf(child: ChildProcess, name: string): Promise<number> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`${name} ended with ${code} before it listened`)
  })
  // Nobody asks for it any more once the instance listens.
  ended.catch(() => {})
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [{ port: number }]
  return port
}
