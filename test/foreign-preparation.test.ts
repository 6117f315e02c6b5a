import { readFileSync } from 'node:fs';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice, Triple } from '../src/chunks.js';
import { readPlan } from '../src/network/plans/read.js';
import { dataDir, dataFile } from './support/data.js';
import { gridOf, scanOf } from './support/grids.js';
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
