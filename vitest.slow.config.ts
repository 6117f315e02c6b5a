import { defineConfig, mergeConfig } from 'vitest/config';
import fast, { projectsWithout } from './vitest.config.js';

const { projects: _, ...shared } = fast.test!;

/**
 * `npm run test:slow`: the files that need minutes, and with them all that count for the coverage:
 * files that only watch child processes are run by `npm test` and left out here, and so is one that
 * mostly waits for connections to close, whose lines the other tests of the server count.
 */
export default mergeConfig(
  { test: shared },
  defineConfig({
    test: {
      projects: projectsWithout(
        'test/{cli,faults,examples,campaigns}/**/!(*.slow).test.ts',
        'test/{layout,public-api}.test.ts',
        'test/server/app.test.ts',
      ),
      /**
       * Counts the lines of src/ that tests run in their own process. What only child processes and
       * the worker thread run counts nothing, nor does generated code.
       */
      coverage: {
        enabled: true,
        provider: 'v8',
        include: ['src/**/*.ts'],
        exclude: ['src/network/onnx/gen/**', 'src/network/inference/worker.ts', 'src/cli/**'],
        reporter: ['text-summary', 'html'],
        reportsDirectory: 'coverage',
        thresholds: { lines: 90 },
      },
    },
  }),
);
