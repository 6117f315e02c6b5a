import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Ranks } from '../../src/drift/ranks.js';

it('nothing is above or equal in an empty one', () => {
  expect(new Ranks().rank(1)).toEqual({ above: 0, equal: 0 });
});

it('counts as counting does, whatever came in which order', () => {
  const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true }), fc.constantFrom(0, -0));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 70 }), value, (values, asked) => {
      const ranks = new Ranks();
      for (const [i, v] of values.entries()) {
        ranks.add(v);
        const held = values.slice(0, i + 1);
        expect(ranks.size).toBe(held.length);
        expect(ranks.rank(asked)).toEqual({
          above: held.filter((x) => x > asked).length,
          equal: held.filter((x) => x === asked).length,
        });
      }
    }),
  );
});
