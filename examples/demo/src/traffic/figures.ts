export interface PhaseFigures {
  readonly phase: string
  readonly seconds: number
  readonly requests: number
  readonly errors: number
  /** ms, failed requests included. */
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Latencies and errors of the traffic, phase by phase. */
export class Figures {
  readonly #phases: {
    name: string
    startedAt: number
    endedAt: number | undefined
    times: number[]
    errors: number
  }[] = []
  readonly #messages: string[] = []

  /** Ends the phase before it. A request counts where it began. */
  begin(phase: string): void {
    this.end()
    this.#phases.push({ name: phase, startedAt: performance.now(), endedAt: undefined, times: [], errors: 0 })
  }

  end(): void {
    const current = this.#phases.at(-1)
    if (current !== undefined) current.endedAt ??= performance.now()
  }

  /** Where a request that begins now is to be counted. */
  request(): { readonly ok: () => void; readonly failed: (message: string) => void } {
    const phase = this.#phases.at(-1)
    if (phase === undefined) throw new Error('no phase has begun')
    const startedAt = performance.now()
    const ok = (): void => void phase.times.push(performance.now() - startedAt)
    return {
      ok,
      failed: (message) => {
        ok()
        phase.errors++
        if (this.#messages.length < 10) this.#messages.push(`${phase.name}: ${message}`)
      },
    }
  }

  /** The first few. */
  get messages(): readonly string[] {
    return this.#messages
  }

  phases(): readonly PhaseFigures[] {
    return this.#phases.map(({ name, startedAt, endedAt, times, errors }) => {
      const sorted = [...times].sort((a, b) => a - b)
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
      const seconds = ((endedAt ?? performance.now()) - startedAt) / 1000
      return { phase: name, seconds, requests: times.length, errors, p50: at(0.5), p99: at(0.99), max: at(1) }
    })
  }
}
