import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * `npm run test:dicom`: the built command line and the server against Orthanc, dcmtk, dicom3tools,
 * dcm2niix and Python's DICOM, which `scripts/dicom-peers.sh` installs.
 */
export default defineConfig({
  test: {
    include: ['test/dicom/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: Math.max(2, availableParallelism() - 1),
    globalSetup: ['test/dicom/support/variants.setup.ts'],
  },
});
