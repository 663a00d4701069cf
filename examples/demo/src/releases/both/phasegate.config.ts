import { defineConfig } from 'phasegate'

// The database comes from DATABASE_URL.
export default defineConfig({
  applications: { api: {} },
  // A contract is announced for so long before it begins. The default of 15 s suits instances that ask every 10 s
  // whether they may start; those of this demo ask every half second.
  contract: { announce: '2s' },
})
