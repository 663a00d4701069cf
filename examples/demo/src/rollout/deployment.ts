import { setTimeout as sleep } from 'node:timers/promises'
import type { Balancer } from './balancer.js'
import { type Instance, type Release, startInstance } from './instance.js'

const READY_TIMEOUT = 30_000

export interface DeploymentSettings {
  readonly balancer: Balancer
  readonly databaseUrl: string
  readonly replicas: number
}

export interface Deployment {
  /** Replaces what runs by this release; the first time it starts it. Rejects when an instance does not turn ready. */
  roll(release: Release, manifest: string): Promise<void>
  /** Names of the instances that run. */
  instances(): readonly string[]
  stop(): Promise<void>
}

/**
 * A Kubernetes Deployment in small, with `maxSurge: 1` and `maxUnavailable: 0`: start a new instance, wait until its
 * readiness probe says 200, only then stop an old one, and so on.
 */
export function createDeployment({ balancer, databaseUrl, replicas }: DeploymentSettings): Deployment {
  let running: readonly Instance[] = []
  let started = 0

  return {
    async roll(release, manifest) {
      const old = running
      for (let count = 0; count < replicas; count++) {
        const name = `${release}-${++started}`
        const instance = await startInstance({ release, name, databaseUrl, manifest })
        running = [...running, instance]
        balancer.add(instance)
        await untilReady(instance)
        if (old[count] !== undefined) await retire(old[count]!)
      }
    },
    instances: () => running.map((instance) => instance.name),
    async stop() {
      for (const instance of running) instance.kill()
      running = []
    },
  }

  async function untilReady(instance: Instance): Promise<void> {
    for (const deadline = Date.now() + READY_TIMEOUT; !balancer.isReady(instance); await sleep(50)) {
      if (instance.ended) throw new Error(`${instance.name} ended before it was ready`)
      if (Date.now() > deadline) throw new Error(`${instance.name} is not ready after ${READY_TIMEOUT / 1000} s`)
    }
  }

  async function retire(instance: Instance): Promise<void> {
    await instance.stop()
    balancer.remove(instance)
    running = running.filter((other) => other !== instance)
  }
}
