/**
 * What the default detector costs beside the paper's, which was the default before: fit, score and
 * segment of the same synthetic scans, in turn in one run, each a process of its own. The network
 * has nnU-Net's shape for chest CT, patch [1,1,28,256,256].
 *
 *     npm run build && npx tsx bench/default.ts [TURNS]      (2)
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { makeDetector, NNUNET } from './detector.js';
import { CLI, type Measured, machine, median, runNode } from './measure.js';
import { syntheticScan } from './synthetic.js';

const turns = Number(process.argv[2] ?? 2);
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));

/** How a detector is fitted, by what it is called here. */
const FITS = {
  'the paper’s': ['--detector', 'mahalanobis'],
  default: [],
  'default, half overlap': ['--step-size', '0.5'],
};

try {
  await makeDetector(folder, NNUNET);
  const model = join(folder, 'model');
  const scans: string[] = [];
  for (const [i, slices] of [30, 34, 38].entries()) {
    scans.push(join(folder, `train_${i}.nii`));
    await pipeline(syntheticScan({ size: 512, slices, spacing: [5, 0.6, 0.6] }), createWriteStream(scans[i]));
  }
  const scan = join(folder, 'scan.nii');
  await pipeline(syntheticScan({ size: 512, slices: 80, spacing: [5, 0.6, 0.6] }), createWriteStream(scan));
  const short = scans[0];
  const measured = new Map<string, Measured[]>();
  const measure = async (what: string, args: readonly string[]) => {
    const found = await runNode([CLI, ...args]);
    measured.set(what, [...(measured.get(what) ?? []), found]);
  };
  for (let turn = 0; turn < turns; turn++) {
    for (const [name, options] of Object.entries(FITS)) {
      const detector = join(folder, `${name.replaceAll(/\W/g, '')}-${turn}`);
      await measure(`fit, ${name}`, ['fit', '-q', '-m', model, '-i', ...scans, '-o', detector, ...options]);
      await measure(`score, ${name}`, ['score', '-q', '-d', detector, '-i', scan]);
      await measure(`segment, ${name}`, [
        'segment',
        '-q',
        '-m',
        model,
        '-d',
        detector,
        '-i',
        short,
        '-o',
        `${detector}-out`,
      ]);
    }
  }
  console.log(
    `bench/default: fit of 3 scans, score of 512x512x80, segment of 512x512x30, medians of ${turns} (${machine()})`,
  );
  for (const command of ['fit', 'score', 'segment']) {
    const before = measured.get(`${command}, the paper’s`) ?? [];
    for (const name of Object.keys(FITS)) {
      const found = measured.get(`${command}, ${name}`) ?? [];
      const seconds = median(found.map((run) => run.seconds));
      // Pair by pair: a machine whose speed drifts slows both of a pair.
      const ratio = median(found.map((run, i) => run.seconds / before[i].seconds));
      const peak = median(found.map((run) => run.peakMb));
      console.log(
        `  ${`${command}, ${name}`.padEnd(32)} ${seconds.toFixed(1).padStart(7)} s  ratio ${ratio.toFixed(3)}  peak ${peak.toFixed(0)} MB`,
      );
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
