import { defineConfig } from 'vitest/config'

const globalSetup = './test/support/global-setup.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    // Two cores is the machine that the 15 minutes of `npm test` are meant for.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: 10_000 },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          globalSetup,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          include: ['test/**/*.soak.ts'],
          globalSetup,
          testTimeout: 3_600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
