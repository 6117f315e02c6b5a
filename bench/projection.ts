/**
 * What other machines would do, as arithmetic from parts that are measured here: one patch of
 * nnU-Net's shape on one thread and on all, the preparation of a 512x512x80 scan without a network,
 * and the judging of a patch. Said as a projection wherever it is printed: nobody has run it there.
 *
 *   network on c cores    t(c) = t1 (s + (1 - s) / c), Amdahl's law, s from t(1) and t(all) here
 *   a scan                start + max(patches t(c), prepare + patches judge) + one patch:
 *                         preparation and network overlap
 *   c cores, c/2 processes of two threads: what is measured on two cores, times c/2
 *   a GPU                 patches 338 GFLOP over 40 % of 60 TFLOP/s (float32, an H100's class)
 *
 *     npm run build && npx tsx bench/projection.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { loadFeatureDetector, type Patch } from '../src/index.js';
import { prepared } from '../src/pipeline.js';
import { runScan } from '../src/scans/run.js';
import type { Collector } from '../src/stages/collectors.js';
import { patch } from '../src/stages/patch.js';
import { makeDetector, NNUNET } from './detector.js';
import { machine, median, runNode } from './measure.js';
import { syntheticScan } from './synthetic.js';

/** How many patches came. */
const counted: Collector<Patch, number, number> = {
  init: () => 0,
  add: (n) => n + 1,
  finish: (n) => n,
};

const GFLOP = 338;
const GPU = { tflops: 60, share: 0.4 };
const TURNS = 3;
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  const dir = await makeDetector(folder, NNUNET);
  const { description, scorer } = await loadFeatureDetector(dir);
  const cores = availableParallelism();
  const bare = async (threads: number) => {
    const args = [fileURLToPath(new URL('./bare.mjs', import.meta.url)), join(dir, 'encoder.onnx'), '3', `${threads}`];
    return Number((await runNode(args)).stdout) / 3;
  };
  const one: number[] = [];
  const all: number[] = [];
  const preparing: number[] = [];
  let patches = 0;
  for (let turn = 0; turn < TURNS; turn++) {
    one.push(await bare(1));
    all.push(await bare(cores));
    const started = performance.now();
    const { plan } = description;
    patches = await runScan(
      syntheticScan({ size: 512, slices: 80, spacing: [5, 0.6, 0.6] }),
      {},
      prepared({ plan }).to(patch({ patchSize: plan.patchSize })),
      counted,
    );
    preparing.push((performance.now() - started) / 1000);
  }
  const z = Float32Array.from({ length: description.d }, (_, i) => Math.sin(i));
  const judged = Array.from({ length: 15 }, () => {
    const before = performance.now();
    scorer.distance(z);
    return (performance.now() - before) / 1000;
  });
  const [t1, tAll, prepare, judge] = [one, all, preparing, judged].map(median) as [number, number, number, number];
  // t(all) / t(1) = s + (1 - s) / cores
  const serial = Math.max(0, (tAll / t1 - 1 / cores) / (1 - 1 / cores));
  console.log(`bench/projection: 512x512x80 at 5 x .6 x .6 mm, ${patches} patches of [1,1,28,256,256] (${machine()})`);
  console.log('  measured');
  console.log(
    `    a patch on 1 thread ${t1.toFixed(2)} s, on ${cores} ${tAll.toFixed(2)} s: serial share ${serial.toFixed(3)}`,
  );
  console.log(
    `    preparing the scan ${prepare.toFixed(2)} s, judging a patch ${(1000 * judge).toFixed(1)} ms (d = ${description.d})`,
  );
  const scan = (network: number) => Math.max(patches * network, prepare + patches * judge) + network;
  const say = (what: string, seconds: number, at = 1) =>
    console.log(
      `    ${what.padEnd(48)} ${seconds.toFixed(1).padStart(6)} s a scan, ${((3600 * at) / seconds).toFixed(0).padStart(5)} scans an hour`,
    );
  const onTwo = scan(t1 * (serial + (1 - serial) / 2));
  console.log('  projected');
  say('2 cores', onTwo);
  for (const c of [8, 32]) {
    say(`${c} cores, one process`, scan(t1 * (serial + (1 - serial) / c)));
    say(`${c} cores, ${c / 2} processes of two threads`, onTwo, c / 2);
  }
  const gpu = GFLOP / (1000 * GPU.tflops * GPU.share);
  say(`a GPU at ${GPU.share * 100} % of ${GPU.tflops} TFLOP/s, one process`, scan(gpu));
  say('the same, 8 processes that prepare side by side', Math.max(scan(gpu) / 8, patches * gpu));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
