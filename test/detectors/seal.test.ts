import { describe, expect, it } from 'vitest';
import { isSealed, SEAL, sealed, sealOf } from '../../src/detectors/seal.js';

const fields = { n: 3, plan: { spacing: [1, 0.74, 5e-324], name: 'CT' }, calibration: null };

describe('the seal', () => {
  it('is right of what was written, however it is laid out, and null where there is none', () => {
    const text = sealed(fields);
    expect(Object.keys(JSON.parse(text)).at(-1)).toBe(SEAL);
    expect(isSealed(JSON.parse(text))).toBe(true);
    expect(isSealed(JSON.parse(JSON.stringify(JSON.parse(text), null, 8)))).toBe(true);
    expect(isSealed(fields)).toBeNull();
  });

  it('is made anew over one that is there', () => {
    const once = sealed(fields);
    expect(sealed(JSON.parse(once))).toBe(once);
    expect(sealOf({ ...fields, [SEAL]: 'x' })).toBe(sealOf(fields));
  });

  it('is wrong wherever a value differs, is more or is less', () => {
    const read = JSON.parse(sealed(fields));
    for (const other of [
      { ...read, n: 4 },
      { ...read, more: 1 },
      { ...read, plan: { ...fields.plan, spacing: [1, 0.7400000000000001, 5e-324] } },
      { ...read, [SEAL]: 'f'.repeat(64) },
      { ...read, [SEAL]: null },
    ])
      expect(isSealed(other)).toBe(false);
    const { n, ...less } = read;
    expect([n, isSealed(less)]).toEqual([3, false]);
  });

  it('is wrong of what is nested too deeply to be written', () => {
    const deep = JSON.parse(`${'['.repeat(50_000)}${']'.repeat(50_000)}`);
    expect(isSealed({ deep, [SEAL]: '0'.repeat(64) })).toBe(false);
  });
});
