import { describe, expect, it } from 'vitest';
import { determinism } from '../../campaigns/determinism.js';
import { difference } from '../../campaigns/difference.js';

it('score gives the same bytes again, in a batch in another order, alone and from stdin', {
  timeout: 180_000,
}, async () => {
  const found = await determinism({ commands: ['score'] });
  expect(found.filter(({ exact }) => exact)).toHaveLength(5);
  for (const { what, exact, files, relative } of found) {
    if (exact) expect({ what, files }).toEqual({ what, files: [] });
    // docs/determinism.md
    else expect(relative).toBeLessThan(1e-4);
  }
});

describe('the difference of outputs', () => {
  const json = (text: string) => new Map([['a.json', Buffer.from(text)]]);

  it('is that of the numbers, relative to each', () => {
    expect(difference(json('{"score":100}'), json('{"score":100}'))).toEqual({ files: [], relative: 0, labels: 0 });
    const found = difference(json('{"score":100,"n":3}'), json('{"score":101,"n":3}'));
    expect(found).toEqual({ files: ['a.json'], relative: 0.01, labels: 0 });
    expect(() => difference(json('{}'), new Map())).toThrow();
  });
});
