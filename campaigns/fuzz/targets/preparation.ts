import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Patch, Triple } from '../../../src/chunks.js';
import { prepared } from '../../../src/pipeline.js';
import type { Plan, PlanChannel } from '../../../src/plan.js';
import { load } from '../../../src/stages/load.js';
import { patch } from '../../../src/stages/patch.js';
import { AXIS_ORDERS } from '../../../test/support/grids.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { chop } from '../mutate/bytes.js';
import { plainScan } from '../mutate/nifti.js';
import type { Target } from '../target.js';

const file = 'scan.nii';
/**
 * A grid between these is neither done within the time limit nor refused: real work, and no case
 * for a campaign.
 */
const quick = 2 ** 13;
const refused = 2 ** 33;

/**
 * Small scans with hostile spacings, affines and plans: load → spool → normalise → resample →
 * patch.
 */
export const preparation: Target = {
  name: 'preparation',
  weight: 12,
  limit: 2000,
  file,
  async run(dice) {
    const size = [dice.int(1, 12), dice.int(1, 12), dice.int(1, 8)] as const;
    const plan = anyPlan(dice);
    const { spacing, sform } = drawGeometry(dice, plan, size);
    const bytes = plainScan(dice, { size, spacing, type: dice.pick([4, 16]), sform });
    const spool = dice.chance(0.8);
    const stepSize = dice.pick(dice.chance(0.9) ? [0.5, 1] : [1e-9, 5e-324]);
    let next = 0;
    await pipeline([
      Readable.from(chop(bytes, dice), { objectMode: false }),
      load({ case: file }),
      ...prepared({ plan, spool }),
      patch({ patchSize: plan.patchSize, stepSize }),
      async (patches: AsyncIterable<Patch>) => {
        for await (const { index, tiling, data, grid } of patches) {
          expect(index === next++, `patch ${index} came where ${next - 1} was due`);
          expect(
            grid.shape.every((n) => Number.isSafeInteger(n) && n > 0),
            `a grid of ${grid.shape}`,
          );
          expect(
            tiling.padded.every((n, a) => n === Math.max(grid.shape[a], plan.patchSize[a])),
            `padded to ${tiling.padded}`,
          );
          const bad = data.data.findIndex((v) => !Number.isFinite(v));
          expect(bad < 0 || overflows(plan), `voxel ${bad} of patch ${index} is ${data.data[bad]}`);
        }
      },
    ] as never);
    expect(next > 0, 'no patch came out');
  },
};

/**
 * A plan whose own numbers leave float32 makes nnU-Net's arithmetic overflow as well; the distance
 * stage refuses what becomes of it.
 */
const overflows = (plan: Plan) =>
  plan.channels.some(
    ({ intensity: i }) =>
      i && (i.std < 1e-20 || [i.mean, i.std, i.percentile005, i.percentile995].some((v) => Math.abs(v) > 1e18)),
  );

function anyPlan(dice: Dice): Plan {
  const numbers = () => dice.pick([-1000, 0, 1, 50, 500, 1e30, -1e30, 1e-30]);
  const channel: PlanChannel = {
    name: 'CT',
    scheme: dice.pick([
      'CTNormalization',
      'ZScoreNormalization',
      'NoNormalization',
      'RescaleTo01Normalization',
      'RGBTo01Normalization',
    ]),
    useNonzeroMask: dice.chance(0.3),
    intensity: { mean: numbers(), std: Math.abs(numbers()), percentile005: numbers(), percentile995: numbers() },
  };
  const patchSize = (): Triple => [dice.int(1, 12), dice.int(1, 12), dice.int(1, 12)];
  return {
    configuration: '3d_fullres',
    patchSize: dice.chance(0.9) ? patchSize() : hostilePatch(dice),
    spacing: hostileTriple(dice, 0.1),
    transposeForward: dice.pick([
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
      [0, 2, 1],
    ] as const),
    order: dice.pick(['normalise-first', 'resample-first']),
    reader: dice.pick(['as-stored', 'ras']),
    cropToNonzero: dice.chance(0.5),
    channels: [channel],
    resampling: {
      order: dice.pick([0, 1, 3]),
      orderZ: dice.pick([0, 1]),
      forceSeparateZ: dice.pick([null, true, false]),
    },
  };
}

/** Patches that no machine holds, or that are all one axis. */
const hostilePatch = (dice: Dice): Triple =>
  dice.pick([
    [1e9, 1, 1],
    [1, 1e9, 1e9],
    [1e9, 1e9, 1e9],
    [2 ** 20, 2 ** 20, 1],
  ] as const);

const hostileTriple = (dice: Dice, share: number): Triple => {
  const one = () =>
    dice.chance(share)
      ? dice.pick([1e-30, 1e30, 1e6, 1e-6, dice.magnitude(-3, 3), dice.magnitude(-300, 300)])
      : dice.magnitude(-0.3, 0.7);
  return [one(), one(), one()];
};

/** What a header says of the grid. */
interface Geometry {
  readonly spacing: readonly number[];
  /** Row-major 3x4; without it the spacing alone counts. */
  readonly sform?: readonly number[] | undefined;
}

/**
 * A geometry, hostile or not, for which the work is either small or so large that it has to be
 * refused.
 */
function drawGeometry(dice: Dice, plan: Plan, size: readonly [number, number, number]): Geometry {
  for (let tries = 0; tries < 100; tries++) {
    const spacing = hostileTriple(dice, 0.1);
    const sform = dice.chance(0.5) ? anyAffine(dice) : undefined;
    // A reader that brings scans to RAS takes the lengths of the affine's columns.
    const columns = [0, 1, 2].map((c) =>
      Math.hypot(...[0, 4, 8].map((row) => sform?.[row + c] ?? spacing[c] / Math.sqrt(3))),
    );
    const verdicts = [spacing, columns].map((mm) => workOf(mm, plan, size));
    if (verdicts.every((work) => work === 'small') || verdicts.every((work) => work === 'huge'))
      return { spacing, sform };
  }
  // Such plans are beyond every scan.
  return { spacing: [0, 0, 0] };
}

/**
 * Axes may be permuted and cropped: judged by the smallest and the largest grid that any order of
 * the axes gives.
 */
function workOf(
  spacing: readonly number[],
  plan: Plan,
  size: readonly [number, number, number],
): 'small' | 'huge' | 'between' {
  const voxels = AXIS_ORDERS.map((order) => {
    const along = (to: number, n: number) =>
      Math.max(1, (Math.fround(spacing[order[to]]) / (plan.spacing as Triple)[to]) * n);
    const grid = (n: (axis: number) => number) => [0, 1, 2].reduce((a, to) => a * along(to, n(order[to])), 1);
    return { least: grid(() => 1), most: grid((axis) => size[axis]) };
  });
  if (voxels.every(({ most }) => most <= quick)) return 'small';
  return voxels.every(({ least }) => least > refused) ? 'huge' : 'between';
}

const anyAffine = (dice: Dice): number[] =>
  Array.from({ length: 12 }, (_, i) =>
    dice.chance(0.3)
      ? dice.pick([0, 1, -1, -3, 1e30, 1e-30, -1e-30, 1e15])
      : i % 5 === 0
        ? dice.magnitude(-0.3, 0.7)
        : 0,
  );
