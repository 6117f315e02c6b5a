import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spacingOf } from '../../../src/formats/dicom/spacing.js';

const even = (count: number, spacing: number, start = -100) =>
  Array.from({ length: count }, (_, i) => start + i * spacing);

describe('spacing', () => {
  it('of even slices is that', () => {
    expect(spacingOf(even(30, 8))).toEqual({ spacing: 8 });
    expect(spacingOf([0, 0.6])).toEqual({ spacing: 0.6 });
  });

  it('of positions that were rounded to a tenth is their mean', () => {
    const rounded = even(101, 0.625, 0).map((z) => Math.round(10 * z) / 10);
    expect(spacingOf(rounded)).toEqual({ spacing: 0.625 });
  });

  it('of every even series is found, whatever the rounding', () => {
    const property = fc.property(
      fc.integer({ min: 2, max: 500 }),
      fc.double({ min: 0.3, max: 10, noNaN: true }),
      fc.integer({ min: 2, max: 6 }),
      (count, spacing, digits) => {
        const along = even(count, spacing).map((z) => Number(z.toFixed(digits)));
        const found = spacingOf(along);
        if ('kind' in found) return expect.fail(JSON.stringify(found));
        expect(Math.abs(found.spacing - spacing)).toBeLessThan(0.011);
      },
    );
    fc.assert(property);
  });

  it('with a slice gone names it', () => {
    const property = fc.property(
      fc.integer({ min: 6, max: 200 }),
      fc.double({ min: 0.3, max: 10, noNaN: true }),
      fc.nat(),
      (count, spacing, at) => {
        const gone = 1 + (at % (count - 2));
        const along = even(count, spacing).filter((_, i) => i !== gone);
        expect(spacingOf(along)).toMatchObject({
          kind: 'missing',
          after: gone - 1,
          first: gone + 1,
          missing: 1,
          inAll: 1,
          of: count,
        });
      },
    );
    fc.assert(property);
  });

  it('with several slices gone names the first, and how many', () => {
    const along = even(40, 2).filter((_, i) => ![12, 13, 14, 30].includes(i));
    expect(spacingOf(along)).toEqual({
      kind: 'missing',
      after: 11,
      missing: 3,
      inAll: 4,
      of: 40,
      first: 13,
      gap: 8,
      spacing: 2,
    });
  });

  it('of 2.5 and then 5 mm is uneven, though 5 is twice 2.5', () => {
    const along = [...even(20, 2.5, 0), ...even(10, 5, 52.5)];
    expect(spacingOf(along)).toEqual({ kind: 'uneven', after: 19, before: 2.5, gap: 5, smallest: 2.5, largest: 5 });
  });

  it('of one slice that lies elsewhere is uneven', () => {
    const along = even(20, 3).map((z, i) => (i === 7 ? z + 0.5 : z));
    expect(spacingOf(along)).toMatchObject({
      kind: 'uneven',
      after: 6,
      before: 3,
      gap: 3.5,
      smallest: 2.5,
      largest: 3.5,
    });
  });

  it('with a slice far from all others is uneven, and not a thousand short', () => {
    expect(spacingOf([...even(5, 1, 0), 1000])).toMatchObject({ kind: 'uneven', largest: 996 });
  });

  it('of any distinct positions is a number or an account of them', () => {
    const property = fc.property(
      fc.uniqueArray(fc.double({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 2, maxLength: 40 }),
      (values) => {
        const along = values.toSorted((a, b) => a - b).map((z, i) => z + 0.01 * i);
        const found = spacingOf(along);
        if (!('kind' in found)) {
          expect(found.spacing).toBeGreaterThan(0);
          return;
        }
        expect(found.after).toBeGreaterThanOrEqual(0);
        expect(found.after).toBeLessThan(along.length - 1);
        expect(Number.isFinite(found.gap)).toBe(true);
      },
    );
    fc.assert(property);
  });
});
