import { defineConfig } from 'vitest/config';

/**
 * `npm run test:browser`: the server's page in a browser, over scans of the phantom's generator.
 * One file after another: each has a server and a browser that want the machine.
 */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    pool: 'forks',
    fileParallelism: false,
    globalSetup: ['test/browser/support/phantoms.setup.ts'],
  },
});
