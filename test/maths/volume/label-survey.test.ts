import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabelSurvey } from '../../../src/maths/volume/label-survey.js';

const isSegmentation = (values: readonly number[], width = values.length, slices = 1) => {
  const survey = new LabelSurvey();
  const size = values.length / slices;
  for (let z = 0; z < slices; z++) survey.push(Float32Array.from(values.slice(z * size, (z + 1) * size)), width);
  return survey.isSegmentation;
};
const zeros = (n: number) => new Array<number>(n).fill(0);
const run = (value: number, n: number) => new Array<number>(n).fill(value);

describe('LabelSurvey', () => {
  it('knows labels by their whole values and solid structures', () => {
    expect(isSegmentation([...zeros(20), ...run(1, 8), ...run(2, 6)])).toBe(true);
    expect(isSegmentation([...zeros(20), ...run(1, 8), ...run(255, 6)])).toBe(true);
  });

  it.each([
    ['a value that is not whole', [...zeros(20), ...run(0.5, 8)]],
    ['a negative value', [...zeros(20), ...run(-1, 8)]],
    ['nothing but background', zeros(20)],
    ['more foreground than background', [...zeros(7), ...run(1, 8)]],
    ['voxels that are not alike', [...zeros(20), 1, 2, 3, 4, 5, 6, 7, 8]],
    ['65 values', [...zeros(400), ...Array.from({ length: 65 }, (_, i) => run(i + 1, 6)).flat()]],
  ])('takes no segmentation to be %s', (_, values) => {
    expect(isSegmentation(values)).toBe(false);
  });

  it('counts to 64 values, background included', () => {
    const labels = Array.from({ length: 63 }, (_, i) => run(i + 1, 6)).flat();
    expect(isSegmentation([...zeros(400), ...labels])).toBe(true);
  });

  it('does not take the end of a row for the neighbour of the next one', () => {
    expect(isSegmentation([0, 0, 0, 1, 1, 0, 0, 0], 4)).toBe(false);
    expect(isSegmentation([0, 0, 0, 1, 1, 0, 0, 0], 8)).toBe(false);
    expect(isSegmentation([...zeros(8), 0, 1, 1, 1, 1, 0, 0, 0], 8)).toBe(true);
  });

  it('says the same whatever slices the voxels come in, and never of noise', () => {
    const boxes = fc.array(
      fc.record({ label: fc.integer({ min: 1, max: 20 }), length: fc.integer({ min: 5, max: 12 }) }),
      {
        minLength: 1,
        maxLength: 8,
      },
    );
    fc.assert(
      fc.property(boxes, (structures) => {
        const rows = structures.flatMap(({ label, length }) => [...run(label, length), ...zeros(32 - length)]);
        expect(isSegmentation(rows, 32)).toBe(true);
        expect(isSegmentation(rows, 32, structures.length)).toBe(true);
        const noisy = rows.map((value, i) => (value === 0 ? 0 : value + ((i * 7919) % 5)));
        expect(isSegmentation(noisy, 32)).toBe(false);
      }),
    );
  });
});
