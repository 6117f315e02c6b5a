/**
 * Scores thousands of scans in one process and looks for what stays behind: resident memory that goes up, open files, workers, temporary files.
 *
 *     npm run soak [-- --scans 2000 --seed 0]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { soak } from './soak/soak.js';
import { makeDetector } from './workshop.js';

const { values } = parseArgs({
  options: { scans: { type: 'string', default: '2000' }, seed: { type: 'string', default: '0' } },
});
const folder = mkdtempSync(join(tmpdir(), 'segcanary-soak-'));
try {
  const workshop = await makeDetector(folder);
  const scans = Number(values.scans);
  const started = performance.now();
  const { slope, mean, endings, left } = await soak({ workshop, scans, seed: Number(values.seed), folder });
  console.log(`soak: ${scans} scans in one process, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  console.log(
    `  endings: ${Object.entries(endings)
      .map(([what, n]) => `${what} ${n}`)
      .join(', ')}`,
  );
  console.log(
    `  resident set after the first tenth: ${mean.toFixed(0)} MB; slope ${slope.value.toFixed(2)} kB a scan, 95 % interval ${slope.low.toFixed(2)} to ${slope.high.toFixed(2)}`,
  );
  console.log(`  left behind: ${left.length === 0 ? 'nothing' : left.join('; ')}`);
  // Upward, for certain, and by more than the allocator's own unrest: 2 kB a scan is 2 MB in a clinic's day of a thousand scans.
  process.exitCode = slope.low > 2 || left.length > 0 ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
