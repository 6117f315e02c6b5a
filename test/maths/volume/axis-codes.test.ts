import { describe, expect, it } from 'vitest';
import { axesTowards, axisCodes, isAxisCodes } from '../../../src/maths/volume/axis-codes.js';
import { rasAxes } from '../../../src/maths/volume/orientation.js';

it.each([
  // nibabel.aff2axcodes(affine)
  ['LPS', [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0]],
  ['RAS', [2, 0.1, 0, 9, -0.1, 2, 0, 9, 0, 0, 3, 9]],
  ['PIR', [0, 0, 1, 0, -1, 0, 0, 0, 0, -1, 0, 0]],
  ['SLA', [0, -1, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0]],
])('calls axes as nibabel does: %s', (codesOfAxes, rows) => {
  expect(axisCodes([...rows, 0, 0, 0, 1])).toBe(codesOfAxes);
});

it('has no codes for a singular affine', () => expect(axisCodes(new Array(16).fill(0))).toBeNull());

describe('turning to axis codes', () => {
  const letters = [...'RLAPSI'];
  const all = letters.flatMap((x) => letters.flatMap((y) => letters.map((z) => x + y + z))).filter(isAxisCodes);

  it('knows the 48 of them', () => {
    expect(all).toHaveLength(48);
    for (const codes of ['', 'RA', 'RAAS', 'LRS', 'RAX', 'ras']) expect(isAxisCodes(codes)).toBe(false);
  });

  /** Unit vectors of the world along x, y and z of a scan of these codes; row-major 4x4. */
  function affineOf(codes: string): number[] {
    const columns = [...codes].map((letter) =>
      ['RL', 'AP', 'SI'].map((pair) => (pair[0] === letter ? 1 : pair[1] === letter ? -1 : 0)),
    );
    return [...[0, 1, 2].flatMap((row) => [...columns.map((column) => column[row]), 0]), 0, 0, 0, 1];
  }

  it('makes axes run to where they are named, from everywhere to everywhere', () => {
    for (const from of all) {
      const affine = affineOf(from);
      const ras = rasAxes(affine)!;
      for (const to of all) {
        const { axes, flipped } = axesTowards(ras, to);
        // Column p of the turned affine: axis 2 - p of [z, y, x].
        const turned = [0, 1, 2].flatMap((row) => [
          ...[0, 1, 2].map((p) => affine[4 * row + 2 - axes[2 - p]] * (flipped[2 - p] ? -1 : 1)),
          0,
        ]);
        expect(axisCodes([...turned, 0, 0, 0, 1]), `${from} to ${to}`).toBe(to);
      }
    }
  });

  it('leaves RAS what it is', () => {
    const ras = rasAxes(affineOf('PIL'))!;
    expect(axesTowards(ras, 'RAS')).toEqual(ras);
  });
});
