import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // They need a browser: npm run test:browser.
    exclude: [...configDefaults.exclude, 'test/browser/**'],
    // Tests share two cores with another worker and are counted: the longest that names no time of
    // its own takes 32 s then, twice that on a slower machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Vitest leaves one core free, and of two cores that is half: tests of child processes wait a
    // lot.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ['test/support/detector.setup.ts'],
    /**
     * `npm test` counts the lines of src/ that tests run in their own process. What only child
     * processes and the worker thread run counts nothing, nor does generated code.
     */
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/network/onnx/gen/**', 'src/network/inference/worker.ts', 'src/cli/**'],
      reporter: ['text-summary', 'html'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 90 },
    },
  },
});
