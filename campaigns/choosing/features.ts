/**
 * Measures every patch of a list of scans by a graph of statistics_graph.py, for candidates.py:
 *
 *     npx tsx campaigns/choosing/features.ts MODEL_FOLDER GRAPH.onnx LIST.tsv OUT [STEP]
 *
 * LIST.tsv has a name, GROUP__CASE, and a path on every line; the groups train, val and test are in
 * distribution, every other is a shift and grade. Scans that are there are left as they are.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Patch } from '../../src/chunks.js';
import { openInput } from '../../src/jobs/open-input.js';
import { contiguous } from '../../src/maths/volume/contiguous.js';
import { IntensityHistogram } from '../../src/maths/volume/histogram.js';
import { patchWeights } from '../../src/maths/window/uncertainty-mask.js';
import { openModel } from '../../src/network/folder.js';
import { prepared } from '../../src/pipeline.js';
import { runScan } from '../../src/scans/run.js';
import { drain } from '../../src/stages/collectors.js';
import { patch } from '../../src/stages/patch.js';

const [model = '', graph = '', list = '', out = 'features', step = '1'] = process.argv.slice(2);
mkdirSync(out, { recursive: true });
const { plan } = await openModel(model, { configuration: '3d_fullres' });
const session = await InferenceSession.create(graph);

for (const line of readFileSync(list, 'utf8').trim().split('\n')) {
  const [name, path] = line.split('\t');
  const to = join(out, name);
  if (existsSync(`${to}.json`)) continue;
  const rows: Float32Array[] = [];
  const histogram = new IntensityHistogram(plan.channels.length);
  let place: Patch | null = null;
  const measured = prepared({ plan })
    .observe(({ data }) => histogram.push(contiguous(data)))
    .to(patch({ patchSize: plan.patchSize, stepSize: Number(step) }))
    .observe(async (chunk) => {
      place = chunk;
      const input = new Tensor('float32', contiguous(chunk.data), [1, ...chunk.data.shape]);
      rows.push(Float32Array.from((await session.run({ input })).stats.data as Float32Array));
    });
  await runScan(await openInput({ case: name, file: path }, plan), { case: name, file: path }, measured, drain);
  const { grid, tiling } = place as unknown as Patch;
  writeFileSync(`${to}.f32`, Buffer.concat(rows.map(({ buffer }) => Buffer.from(buffer))));
  // Written last, so that with it the scan is whole.
  const about = { n: rows.length, d: rows[0].length, weights: [...patchWeights(grid, tiling)], hist: histogram.shares };
  writeFileSync(`${to}.json`, JSON.stringify(about));
  console.log(`${name}: ${rows.length} patches`);
}
