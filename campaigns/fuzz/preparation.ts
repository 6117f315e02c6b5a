import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Patch } from '../../src/chunks.js';
import { type Plan, planSchema, readPlan } from '../../src/model/plans.js';
import { preparationStages } from '../../src/pipeline.js';
import { runScan } from '../../src/run-scan.js';
import { observe } from '../../src/stages/observe.js';
import { patch } from '../../src/stages/patch.js';
import { fakeNifti } from '../../test/support/nifti.js';
import { NASTY, type Random } from '../random.js';
import { chopped, mutateJson } from './mutate.js';
import { same, type Target } from './target.js';

const model = new URL('../../examples/phantom/model/', import.meta.url);
const read = (name: string) => JSON.parse(readFileSync(new URL(name, model), 'utf8')) as unknown;
const planned = readPlan(read('plans.json'), read('dataset.json'), '3d_fullres', 'plans.json');

function planCase(random: Random): Plan {
  const spacing = () => random.pick([0.5, 1, 2.5, 5, 20]);
  const size = () => random.pick([1, 3, 8, 16]);
  const plan: Plan = {
    ...planned,
    patchSize: [size(), size(), size()],
    spacing: [spacing(), spacing(), spacing()],
    transposeForward: random.pick([
      [0, 1, 2],
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ] as const),
    order: random.pick(['normalise-first', 'resample-first']),
    reader: random.pick(['as-stored', 'ras']),
    cropToNonzero: random.oneIn(2),
    channels: [
      {
        ...planned.channels[0]!,
        scheme: random.pick([
          'CTNormalization',
          'ZScoreNormalization',
          'NoNormalization',
          'RescaleTo01Normalization',
          'RGBTo01Normalization',
        ]),
        useNonzeroMask: random.oneIn(2),
      },
    ],
  };
  if (!random.oneIn(4)) return plan;
  // What a hand-written plan or detector may hold, as far as its schema lets it.
  const mutated = planSchema.safeParse(mutateJson(plan, random));
  return mutated.success ? mutated.data : plan;
}

/** Small scans with any spacing and affine, under any plan: the grids that follow have to be right, or refused before they are made. */
export const preparation: Target = {
  name: 'preparation',
  share: 0.05,
  limit: 20_000,
  async run(random) {
    const nasty = (usual: number) => (random.oneIn(5) ? random.pick(NASTY) : usual);
    const size = () => 1 + random.below(12);
    const [nx, ny, nz] = [size(), size(), size()];
    const pixdim = [
      1,
      nasty(random.pick([0.3, 1, 3])),
      nasty(random.pick([0.3, 1, 3])),
      nasty(random.pick([0.5, 2, 6])),
      1,
      1,
      1,
      1,
    ];
    const bytes = fakeNifti({
      dim: [3, nx, ny, nz, 1, 1, 1, 1],
      pixdim,
      sformCode: random.below(2),
      srow: Array.from({ length: 12 }, (_, i) => nasty(i % 5 === 0 ? 1 : 0)),
      datatype: 4,
      slope: 1,
      inter: random.pick([0, -500]),
      body: Uint8Array.from({ length: 2 * nx * ny * nz }, (_, i) => (random.oneIn(3) ? 0 : (i * 37) % 256)),
    });
    const plan = planCase(random);
    const patches: Patch[] = [];
    const step = random.pick([1, 0.5, 0.25]);
    const keep = observe<Patch>((p) => {
      // What a patch holds is not kept.
      patches.push({ ...p, data: p.data });
      if (patches.length > 5000) patches.length = 5000;
      p.data.data.fill(0);
    });
    const options = { file: 'fuzz.nii', limits: { seconds: 3 }, plan, spool: !random.oneIn(4) };
    await runScan(Readable.from(chopped(bytes, random)), options, [
      ...preparationStages(options),
      patch({ patchSize: plan.patchSize, stepSize: step }),
      keep,
    ]);
    const { grid, tiling } = patches[0]!;
    const count = grid.shape
      .map(
        (n, a) => Math.ceil((Math.max(n, plan.patchSize[a]!) - plan.patchSize[a]!) / (plan.patchSize[a]! * step)) + 1,
      )
      .reduce((a, b) => a * b, 1);
    same(patches.length, Math.min(count, 5000), 'the number of patches');
    same(patches[0]!.data.shape.slice(1).join(), plan.patchSize.join(), 'the shape of a patch');
    same(tiling.origins.length, 3, 'the axes of the tiling');
  },
};
