import { configDefaults, defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

/**
 * `npm run coverage`: the lines of src/ that the tests run in their own process. Tests of child processes (the command line, faults, campaigns, examples) count nothing and are left
 * out, and so is what only they run: the command line itself, the worker thread, and generated code. Five slow files, most of them over real scans, run no line that the others leave.
 */
export default mergeConfig(
  base,
  defineConfig({
    test: {
      exclude: [
        ...configDefaults.exclude,
        'test/{cli,faults,campaigns,examples}/**',
        'test/jobs/{end-to-end,segmentations,tricky}.test.ts',
        'test/maths/pool.test.ts',
        'test/stages/preprocess.test.ts',
      ],
      // Counting slows the numerical tests by a factor of three.
      testTimeout: 600_000,
      coverage: {
        enabled: true,
        provider: 'v8',
        include: ['src/**/*.ts'],
        exclude: ['src/model/gen/**', 'src/model/worker.ts', 'src/cli/**'],
        reporter: ['text-summary', 'json-summary', 'text'],
        reportsDirectory: 'coverage',
        thresholds: { lines: 90 },
      },
    },
  }),
);
