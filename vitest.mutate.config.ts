import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Tests of sizes at which a product is cut into tiles, of whole fits, of bombs and of every byte.
 * With the counters of the instrumentation in their loops they take minutes, and what they find in
 * a mutant smaller ones find too.
 */
const SLOW = [
  'of order (256|257|300|600|700)',
  'order (300|600) has rank',
  'covers d = (130|300)',
  'no such trap',
  'every method',
  'equals torch at \\[ (128|256), ',
  'equals torch at \\[ 320, 7, 16',
  'bomb early',
  'packed well but small',
  'never throws anything but',
];

/**
 * The tests that `npm run mutate` runs against every mutant of maths/ and stages/: those of the two
 * folders and of what is built straight on them, without a process of their own, without the
 * detector that the end-to-end tests share, and without real scans. Properties are tried a few
 * times each: there are thousands of mutants.
 */
export default defineConfig({
  test: {
    include: [
      'test/{maths,stages}/**/*.test.ts',
      'test/detectors/{fit-gaussian,gaussian,methods}.test.ts',
      'test/detectors/methods/**/*.test.ts',
      'test/explain/largest-patches.test.ts',
    ],
    exclude: [...configDefaults.exclude, 'test/**/*.slow.test.ts'],
    testNamePattern: new RegExp(`^(?!.*(${SLOW.join('|')}))`),
    setupFiles: ['test/support/fewer-runs.setup.ts'],
    testTimeout: 300_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
