import { defineConfig } from 'phasegate'

export default defineConfig({
  // The database comes from DATABASE_URL, the folder of migrations from PHASEGATE_MIGRATIONS: here there is one a way.
  engines: {
    // Which is tried first where a migration asks for none by name.
    prefer: ['gh-ost', 'pt-osc'],
    // From so many rows or bytes on an index is built by an engine as well. These are the defaults.
    thresholdRows: 1_000_000,
    thresholdBytes: '1GB',
  },
})
