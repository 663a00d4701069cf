import { defineConfig } from 'phasegate'

// The database comes from DATABASE_URL.
export default defineConfig({
  // By what its instances report contracts open. The quiet time after the last build that uses the old column: the default
  // of three minutes suits instances that ask once a minute; those of this demo ask every second.
  applications: { api: { seenEvery: '5s' } },
  // A contract is announced for so long before it begins: as long as a heartbeat of those instances counts.
  contract: { announce: '3s' },
})
