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
      coverage: { enabled: true, thresholds: { lines: 90 } },
    },
  }),
);
