import { defineConfig } from 'vitest/config';

/**
 * The tests that `npm run mutate` runs against every mutant of maths/ and stages/: those of the two folders and of what is built straight on them, without a process of their own and
 * without the detector that the end-to-end tests share.
 */
export default defineConfig({
  test: {
    include: ['test/maths/**/*.test.ts', 'test/stages/**/*.test.ts', 'test/detectors/{gaussian,methods}.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
