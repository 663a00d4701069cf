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
          // Node.js 20 does not load the JSON that it imports; vite does.
          server: { deps: { inline: ['@actions/workflow-parser'] } },
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // On a machine that many share, a wait can be too short once. Such a test is named at the end of the run. Where
          // chance looks for what is lost (kills at random moments), nothing is tried again.
          retry: 1,
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          include: ['test/**/*.soak.ts'],
          globalSetup,
          testTimeout: 6 * 3_600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})
