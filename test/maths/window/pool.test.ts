import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePool, channelMeans, pooledShape, poolingKernels } from '../../../src/maths/window/pool.js';
import { deviation } from '../../support/close.js';
import { oracleInput } from '../../support/models.js';

interface PoolCase {
  shape: number[];
  pooled: number[];
  positions: number[];
  values: number[];
}

const cases: PoolCase[] = JSON.parse(readFileSync(join(import.meta.dirname, '../../fixtures/pool/pool.json'), 'utf8'));

describe('repeated average pooling', () => {
  it.each(cases)('equals torch at $shape', ({ shape, pooled, positions, values }) => {
    expect(pooledShape(shape)).toEqual(pooled);
    const out = averagePool(oracleInput(shape), shape);
    expect(out).toHaveLength(pooled.reduce((a, b) => a * b, 1));
    expect(
      deviation(
        positions.map((at) => out[at]),
        values,
      ),
    ).toBeLessThan(1e-6);
  });

  it('has a kernel a round, 1 along an axis of 1', () => {
    expect(poolingKernels([320, 7, 16, 16])).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
    // 40960, 10240 with the axis of 2 gone, 5120.
    expect(poolingKernels([80, 1, 2, 256])).toEqual([
      [1, 2, 2],
      [1, 1, 2],
    ]);
    expect(poolingKernels([1, 1, 100, 100])).toEqual([[1, 2, 2]]);
    expect(poolingKernels([9999, 1, 1, 1])).toEqual([]);
    expect(poolingKernels([20000, 1, 1, 1])).toEqual([]);
  });

  it('over everything at once is the mean of each channel', () => {
    expect([...channelMeans(Float32Array.of(1, 2, 6, -1, 0, 4), 2)]).toEqual([3, 1]);
  });

  it('leaves what is small enough as it is, in memory of its own', () => {
    const data = new Float32Array([1, 2, 3, 4]);
    const out = averagePool(data, [1, 1, 2, 2]);
    expect(out).toEqual(data);
    expect(out.buffer).not.toBe(data.buffer);
  });

  it('keeps a constant and stays below 1e4 wherever an axis is left to halve', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 24 }), { minLength: 3, maxLength: 3 }),
        fc.integer({ min: 1, max: 64 }),
        (spatial, channels) => {
          const shape = [channels, ...spatial];
          const out = averagePool(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(3.25), shape);
          expect(out.every((v) => v === 3.25)).toBe(true);
          expect(out.length).toBeLessThan(1e4);
        },
      ),
      { numRuns: 50 },
    );
  });
});
