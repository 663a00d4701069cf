#!/usr/bin/env node
import { enterLocal } from './local-phasegate.js'

// The project's own phasegate runs its migrations: its version wrote them, and it is the one that CI runs.
if (!(await enterLocal(import.meta.url))) {
  const { main } = await import('./main.js')
  await main()
}
