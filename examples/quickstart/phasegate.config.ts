import { defineConfig } from 'phasegate'

export default defineConfig({
  // The database comes from --database, PHASEGATE_DATABASE_URL or DATABASE_URL.
  // Every client of this database that is deployed by itself. Without it every contract needs an approval.
  // applications: { api: {}, worker: {} },
})
