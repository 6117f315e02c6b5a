import { availableParallelism } from 'node:os';
import { configDefaults, defineConfig } from 'vitest/config';

/**
 * Folders whose tests are of functions and streams: no process of their own, no fitted detector.
 */
const UNITS = [
  'test/{drift,evaluate,explain,formats,maths,protocol,report,simulate,stages}/**/*.test.ts',
  'test/detectors/{calibration,channel-groups,fit-gaussian,gaussian,methods,safetensors}.test.ts',
  'test/detectors/methods/**/*.test.ts',
  'test/detectors/quality/**/*.test.ts',
  'test/network/plans/**/*.test.ts',
  'test/{errors,layout,limits,public-api}.test.ts',
];

/** What needs minutes, and `npm run test:slow` runs. */
export const SLOW = 'test/**/*.slow.test.ts';

/** What needs a browser, and `npm run test:browser` runs. */
export const BROWSER = 'test/browser/**';

/** What needs Orthanc, dcmtk and Python's DICOM, and `npm run test:dicom` runs. */
export const PEERS = 'test/dicom/**';

/**
 * Counts the lines of src/ that tests run in their own process. What only child processes and
 * the worker thread run counts nothing, nor does generated code. Counting costs time in every
 * loop: `npm test` does it where `--coverage` is asked for, as .ci/run does.
 */
const coverage = {
  enabled: false,
  provider: 'v8' as const,
  include: ['src/**/*.ts'],
  exclude: ['src/network/onnx/gen/**', 'src/network/inference/worker.ts', 'src/cli/**'],
  reporter: ['text-summary', 'html'],
  reportsDirectory: 'coverage',
};

/** Both kinds of files, less what a configuration leaves out. */
export const projectsWithout = (...exclude: string[]) => [
  {
    extends: true as const,
    test: {
      name: 'units',
      include: UNITS,
      exclude: [...configDefaults.exclude, BROWSER, PEERS, ...exclude],
      // Files share their workers, so that what they import is loaded once and not a hundred times.
      isolate: false,
    },
  },
  {
    extends: true as const,
    test: {
      name: 'whole',
      include: ['test/**/*.test.ts'],
      exclude: [...configDefaults.exclude, BROWSER, PEERS, ...UNITS, ...exclude],
      globalSetup: ['test/support/detector.setup.ts'],
    },
  },
];

/** `npm test`: all but what needs minutes, a browser or DICOM's peers. */
export default defineConfig({
  test: {
    // Tests share two cores with another worker: the longest that names no time of its own takes
    // 32 s then, twice that on a slower machine.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Vitest leaves one core free, and of two cores that is half: tests of child processes wait a
    // lot.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: projectsWithout(SLOW),
    coverage,
  },
});
