import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice, Triple } from '../src/chunks.js';
import { readPlan } from '../src/network/plans/read.js';
import { load } from '../src/stages/load.js';
import { dataDir, dataFile } from './support/data.js';
import { gridOf, scanOf } from './support/grids.js';
import { chop, fakeNifti } from './support/nifti.js';
import { preprocess, slicesOf } from './support/preprocess.js';

/**
 * What numpy, torch, nibabel and deepbet itself make of scans under plans of networks that are not
 * nnU-Net's (test/oracle/plan_file.py).
 */
const fixture = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./fixtures/plan-file/${name}.json`, import.meta.url), 'utf8')) as T;

const planned = (json: unknown) => readPlan(json, undefined, '3d_fullres', 'plan.json');

interface Small {
  shape: Triple;
  voxels: number[];
  cases: {
    scan: string;
    affine: number[];
    codes: string;
    shape: Triple;
    order: 0 | 1;
    how: [low: number, high: number, scheme: string, slope: number, intercept: number] | null;
    first: string;
    values: number[];
  }[];
}

describe('a small scan comes out as torch, numpy and nibabel prepare it', () => {
  const { shape, voxels, cases } = fixture<Small>('small');
  const [depth, height, width] = shape;

  it.each(cases.map((c) => [`${c.scan} to ${c.codes}, ${c.shape.join('x')}, ${c.first}`, c] as const))(
    '%s',
    async (_, c) => {
      const scan = { ...scanOf(shape), affine: c.affine };
      const grid = gridOf(scan);
      const plane = height * width;
      const slices = Array.from({ length: depth }, (_, z): Slice => {
        const data = Float32Array.from(voxels.slice(z * plane, (z + 1) * plane));
        return { grid, z, data: ndarray(data, [1, height, width]) };
      });
      const [low, high, scheme, slope, intercept] = c.how ?? [0, 0, 'NoNormalization', 1, 0];
      const plan = planned({
        patch_size: c.shape,
        resize_to: c.shape,
        orientation: c.codes,
        transpose_forward: [2, 1, 0],
        resampling: { order: c.order },
        order: c.first,
        normalization_schemes: [scheme],
        ...(c.how && { clip_percentiles: [[low, high]], rescale_after_norm: [{ slope, intercept }] }),
      });
      const found = await preprocess(slices, plan);
      expect(found.grid.shape).toEqual(c.shape);
      expect(found.data).toHaveLength(c.values.length);
      // deepbet divides by the deviation with n - 1, over 160 voxels here: 3e-3 of it.
      const tolerance = c.codes === 'LAI' ? 4e-3 : 5e-5;
      for (const [i, value] of c.values.entries())
        expect(Math.abs(found.data[i] - value)).toBeLessThan(tolerance * (1 + Math.abs(value)));
    },
  );
});

describe('a stream of bytes, cut anywhere', () => {
  /** nibabel's affine of a scan whose axes run to these codes, without offsets. */
  const lai = [-1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, 0];

  it('comes out as the whole volume does, computed plainly', async () => {
    const size = fc.integer({ min: 1, max: 7 });
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, fc.integer({ min: 2, max: 7 })),
        fc.tuple(size, size, size),
        fc.integer({ min: 1, max: 500 }),
        async ([width, height, depth], shape, chunk) => {
          const voxels = Array.from({ length: width * height * depth }, (_, i) => ((7919 * i) % 211) - 100);
          const bytes = fakeNifti({
            dim: [3, width, height, depth, 1, 1, 1, 1],
            srow: lai,
            sformCode: 1,
            datatype: 16,
            body: new Uint8Array(Float32Array.from(voxels).buffer),
          });
          const plan = planned({
            patch_size: shape,
            resize_to: shape,
            orientation: 'RAS',
            transpose_forward: [2, 1, 0],
            resampling: { order: 0 },
            order: 'resample-first',
            normalization_schemes: ['RescaleTo01Normalization'],
            clip_percentiles: [[0, 100]],
          });
          const run = preprocess(Readable.from(chop(bytes, chunk)).pipe(load()), plan);
          // RAS from LAI: x and z backwards. The nearest voxel along each axis.
          const nearest = (i: number, from: number, to: number) => Math.floor(((i + 0.5) * from) / to);
          const expected: number[] = [];
          for (let x = 0; x < shape[0]; x++)
            for (let y = 0; y < shape[1]; y++)
              for (let z = 0; z < shape[2]; z++) {
                const at = [width - 1 - nearest(x, width, shape[0]), nearest(y, height, shape[1])];
                const slice = depth - 1 - nearest(z, depth, shape[2]);
                expected.push(voxels[(slice * height + at[1]) * width + at[0]]);
              }
          const [low, high] = [Math.min(...expected), Math.max(...expected)];
          if (low === high) {
            await expect(run).rejects.toMatchObject({ code: 'scan-unsuitable' });
            return;
          }
          const { data } = await run;
          for (const [i, value] of expected.entries())
            expect(Math.abs(data[i] - (value - low) / (high - low))).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 60 },
    );
  });
});

interface Real {
  network: string;
  file: string;
  shape: Triple;
  mean: number;
  positions: number[];
  values: number[];
}

describe.runIf(dataDir)('real scans come out as their networks prepare them', () => {
  it.each(fixture<Real[]>('real').map((c) => [`${c.network}: ${c.file}`, c] as const))('%s', async (_, c) => {
    const file = new URL(`../examples/foreign-networks/${c.network}/plan.json`, import.meta.url);
    const plan = planned(JSON.parse(readFileSync(file, 'utf8')));
    const { grid, data } = await preprocess(slicesOf([dataFile(c.file)]), plan);
    expect(grid.shape).toEqual(c.shape);
    // Measured: 2.4e-7 of deepbet's own, and .008 HU where torch finds coordinates in float32.
    const scale = c.network === 'deepbet' ? 1 : 1000;
    let worst = 0;
    for (const [i, position] of c.positions.entries())
      worst = Math.max(worst, Math.abs(data[position] - c.values[i]) / scale);
    if (process.env.SHOW) console.log(worst);
    expect(worst).toBeLessThan(3e-5);
    expect(data.reduce((sum, value) => sum + value, 0) / data.length).toBeCloseTo(c.mean, 3);
  });
});
