import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPlan } from '../src/network/plans/read.js';
import { dataDir, dataFile } from './support/data.js';
import { preprocess, slicesOf } from './support/preprocess.js';

/**
 * What nnunetv2's DefaultPreprocessor made of real scans (test/oracle/preprocess.py), and what
 * nnunet 1.7.1 did (test/oracle/segment_v1.py).
 */
interface Fixture {
  files: string[];
  plans: unknown;
  shape: [number, number, number, number];
  box: [[number, number], [number, number], [number, number]];
  min: number;
  max: number;
  mean: number;
  positions: number[];
  values: number[];
}

const folder = new URL('./fixtures/preprocess/', import.meta.url);
const cases = readdirSync(folder).map((file) => {
  return [file.replace('.json', ''), JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as Fixture] as const;
});

if (!dataDir) console.log('preprocess: SEGCANARY_DATA does not exist, comparison with nnU-Net on real scans skipped');

describe.runIf(dataDir)('real scans come out as nnU-Net prepares them', () => {
  let compared = 0;
  let off = 0;
  it.each(cases)('%s', async (_, fixture) => {
    const plan = readPlan(fixture.plans, undefined, '3d_fullres', 'plans.json');
    const { grid, data } = await preprocess(slicesOf(fixture.files.map(dataFile)), plan);
    expect([grid.channels, ...grid.shape]).toEqual(fixture.shape);
    expect(grid.box.start.map((start, i) => [start, grid.box.stop[i]])).toEqual(fixture.box);

    let worst = 0;
    let wrong = 0;
    fixture.positions.forEach((position, i) => {
      const difference = Math.abs(data[position] - fixture.values[i]);
      if (difference > 1e-3) wrong++;
      else worst = Math.max(worst, difference);
    });
    compared += fixture.positions.length;
    off += wrong;
    // Measured: 1.5e-6 at most. Far below the promised 1e-3, so that a mistake in a rule cannot
    // hide under it.
    if (process.env.SHOW) console.log(worst);
    expect(worst).toBeLessThan(1e-5);
    // Two in 10,000 may round to another neighbour; no single case may lean on all of them.
    expect(wrong).toBeLessThanOrEqual(1);

    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (const value of data) {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(Math.abs(low - fixture.min)).toBeLessThan(1e-3);
    expect(Math.abs(high - fixture.max)).toBeLessThan(1e-3);
    expect(Math.abs(mean - fixture.mean)).toBeLessThan(1e-4);
  });

  it('no more than 2 in 10,000 differ by more than 1e-3', () => {
    expect(compared).toBeGreaterThan(10_000);
    expect(off).toBeLessThanOrEqual((2 * compared) / 10_000);
  });
});
