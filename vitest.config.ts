import { defineConfig } from 'vitest/config';

/**
 * Four kinds of tests, told apart by what they need:
 * `unit` needs nothing, `medium` needs MariaDB and Redis, `e2e` needs the built product as processes, `browser`
 * needs that and Chromium.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.spec.ts', 'test/unit/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'medium',
          include: ['test/medium/**/*.test.ts'],
          // Each file has a database and a Redis of its own; what is loaded once need not be loaded again.
          isolate: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // They wait for servers more than they compute: one worker would leave half of two cores idle.
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/faults/**/*.test.ts'],
          testTimeout: 90_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
          maxWorkers: 1,
        },
      },
    ],
  },
});
