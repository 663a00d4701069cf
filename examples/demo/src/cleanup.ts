/** What must be undone, whatever happens. */
export interface Cleanup {
  add(undo: () => Promise<void>): void
  /** Undoes all, the last first, and goes on after a failure. Returns what failed. */
  run(): Promise<readonly unknown[]>
}

export function createCleanup(): Cleanup {
  const stack: (() => Promise<void>)[] = []
  return {
    add: (undo) => void stack.push(undo),
    async run() {
      const failures: unknown[] = []
      for (let undo = stack.pop(); undo !== undefined; undo = stack.pop()) {
        try {
          await undo()
        } catch (error) {
          failures.push(error)
        }
      }
      return failures
    },
  }
}
