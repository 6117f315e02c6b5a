import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { averagePool, pooledShape } from '../../src/maths/pool.js';
import { deviation } from '../support/close.js';
import { oracleInput } from '../support/models.js';

interface PoolCase {
  shape: number[];
  pooled: number[];
  positions: number[];
  values: number[];
}

const cases: PoolCase[] = JSON.parse(readFileSync(join(import.meta.dirname, '../fixtures/pool/pool.json'), 'utf8'));

describe('repeated average pooling', () => {
  it.each(cases)('equals torch at $shape', ({ shape, pooled, positions, values }) => {
    expect(pooledShape(shape)).toEqual(pooled);
    const out = averagePool(oracleInput(shape), shape);
    expect(out).toHaveLength(pooled.reduce((a, b) => a * b, 1));
    expect(
      deviation(
        positions.map((at) => out[at]!),
        values,
      ),
    ).toBeLessThan(1e-6);
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
