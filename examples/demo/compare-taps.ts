/**
 * What the choice of the tap costs: the demo's detector at other tensors of the same network, over
 * the scans that `npm run demo` left.
 *
 *     npm run demo && npx tsx examples/demo/compare-taps.ts
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadFeatureDetector, type SubjectScore } from 'segcanary';
import { segcanary } from './run.js';

const MODEL = fileURLToPath(new URL('../phantom/model', import.meta.url));
const scans = join('demo-out', 'scans');
/**
 * The raw convolution, bias in, as the paper's released code taps it, and what norm and activation
 * leave of it.
 */
const ENDS = { convolution: 'conv/Conv_output_0', activation: 'nonlin/LeakyRelu_output_0' };

if (!existsSync(scans)) throw new Error(`${scans} does not exist; run npm run demo first.`);
console.log('stage  tensor       voxels     d  shifted caught  unshifted alarmed');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-taps-'));
try {
  for (const stage of [2, 3, 4, 5]) {
    for (const [end, suffix] of Object.entries(ENDS)) {
      const tap = `/encoder/stages.${stage}/stages.${stage}.0/convs/convs.1/all_modules/${suffix}`;
      const detector = join(folder, `${stage}-${end}`);
      await segcanary(['fit', '-q', '-m', MODEL, '--tap', tap, '-i', join(scans, 'train'), '-o', detector]);
      await segcanary(['calibrate', '-q', '-d', detector, '-i', join(scans, 'calibration')]);
      const { tap: tapped, d } = (await loadFeatureDetector(detector)).description;
      const [caught, shifted] = await alarms(detector, 'shifted');
      const [alarmed, unshifted] = await alarms(detector, 'test');
      console.log(
        [
          `${stage + 1} of 6`.padEnd(5),
          end.padEnd(11),
          tapped.shape.slice(1).join('x').padStart(7),
          String(d).padStart(5),
          `${caught} of ${shifted}`.padStart(14),
          `${alarmed} of ${unshifted}`.padStart(17),
        ].join('  '),
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function alarms(detector: string, group: string): Promise<[alarms: number, scans: number]> {
  const lines = (await segcanary(['score', '-q', '-d', detector, '-i', join(scans, group)])).trim().split('\n');
  const results = lines.map((line) => JSON.parse(line) as SubjectScore);
  return [results.filter((r) => r.verdict === 'out-of-distribution').length, results.length];
}
