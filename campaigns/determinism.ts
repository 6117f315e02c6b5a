/**
 * The same input, the same bytes out: across runs, numbers of threads, the order of a batch, stdin and files. Says which outputs differ where, and by how much.
 *
 *     npm run determinism
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareRuns } from './determinism/compare.js';
import { makeDetector } from './workshop.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-determinism-'));
try {
  const differences = await compareRuns(await makeDetector(folder), folder);
  for (const { what, equal, largest } of differences)
    console.log(
      `  ${what.padEnd(60)} ${equal ? 'the same bytes' : `differs, scores by at most ${largest.toExponential(1)} relative`}`,
    );
  // Threads share the sums of a convolution out among themselves, and may round otherwise; nothing else may.
  process.exitCode = differences.every(({ equal, what, largest }) => equal || (/threads/.test(what) && largest < 1e-5))
    ? 0
    : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
