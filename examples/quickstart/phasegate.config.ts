import { defineConfig } from 'phasegate'

export default defineConfig({
  // PHASEGATE_DATABASE_URL and --database win over this.
  database: process.env.DATABASE_URL,
})
