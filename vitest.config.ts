import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    globalSetup: ['test/support/detector.setup.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // Generated; and what runs on a thread or in a process of its own, where it is tested end to end but not counted.
      exclude: ['src/model/gen/**', 'src/model/worker.ts', 'src/cli/**'],
      reporter: ['text-summary', 'json-summary', 'text'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 90 },
    },
  },
});
