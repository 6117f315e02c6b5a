import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../../../src/chunks.js';
import { Fingerprint } from '../../../src/maths/volume/fingerprint.js';
import type { AxisMap } from '../../../src/maths/volume/orientation.js';

interface Volume {
  readonly shape: Triple;
  /** [c][z][y][x]. */
  readonly channels: readonly (readonly (readonly (readonly number[])[])[])[];
}

function sumsOf({ shape, channels }: Volume, axes?: AxisMap) {
  const print = new Fingerprint(shape, channels.length, axes);
  for (let z = 0; z < shape[0]; z++) print.push(z, Float32Array.from(channels.flatMap((channel) => channel[z].flat())));
  return print.sums;
}

/** A volume that the map brings to this one. */
function turnedBack({ shape, channels }: Volume, { axes, flipped }: AxisMap): Volume {
  const sizes: [number, number, number] = [0, 0, 0];
  for (const i of [0, 1, 2] as const) sizes[axes[i]] = shape[i];
  const [depth, height, width] = sizes;
  const range = (n: number) => [...new Array(n).keys()];
  const valueAt = (channel: Volume['channels'][number], at: readonly number[]): number => {
    const [z, y, x] = axes.map((axis, i) => (flipped[i] ? shape[i] - 1 - at[axis] : at[axis]));
    return channel[z][y][x];
  };
  return {
    shape: sizes,
    channels: channels.map((channel) =>
      range(depth).map((z) => range(height).map((y) => range(width).map((x) => valueAt(channel, [z, y, x])))),
    ),
  };
}

/** A margin of one value for each channel, of so many voxels before and behind along each axis. */
function padded({ shape, channels }: Volume, margins: readonly number[], values: readonly number[]): Volume {
  const [zBefore, zBehind, yBefore, yBehind, xBefore, xBehind] = margins as readonly [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const [depth, height, width] = shape;
  const larger = [depth + zBefore + zBehind, height + yBefore + yBehind, width + xBefore + xBehind] as const;
  return {
    shape: larger,
    channels: channels.map((channel, c) =>
      Array.from({ length: larger[0] }, (_, z) =>
        Array.from({ length: larger[1] }, (_, y) =>
          Array.from({ length: larger[2] }, (_, x) => channel[z - zBefore]?.[y - yBefore]?.[x - xBefore] ?? values[c]),
        ),
      ),
    ),
  };
}

const size = fc.integer({ min: 1, max: 5 });
const volumes = fc
  .record({ shape: fc.tuple(size, size, size), channels: fc.integer({ min: 1, max: 2 }) })
  .chain(({ shape, channels }) => {
    // Few values, so that margins of the least of them are in the volume itself too.
    const value = fc.constantFrom(-1000, -0, 0, 0.1, 1, 2, 1e6);
    const of = <T>(item: fc.Arbitrary<T>, length: number) => fc.array(item, { minLength: length, maxLength: length });
    const [depth, height, width] = shape;
    return fc.record({
      shape: fc.constant(shape as Triple),
      channels: of(of(of(of(value, width), height), depth), channels),
    });
  });
const leastOf = ({ channels }: Volume) => channels.map((channel) => Math.min(...channel.flat(2)));

describe('Fingerprint', () => {
  it('is the same with a margin of the least value around the scan', () => {
    const margins = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(volumes, margins, (volume, margin) => {
        expect(sumsOf(padded(volume, margin, leastOf(volume)))).toEqual(sumsOf(volume));
      }),
    );
  });

  it('is the same with a margin below all values, where no side of the scan is of its least value', () => {
    const volume = {
      shape: [1, 2, 2] as const,
      channels: [
        [
          [
            [1, 2],
            [2, 1],
          ],
        ],
      ],
    };
    expect(sumsOf(padded(volume, [1, 0, 2, 1, 0, 3], [-5]))).toEqual(sumsOf(volume));
  });

  it('is the same of a scan that was turned and mirrored, with a margin too', () => {
    const maps = fc.record({
      axes: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }).map((axes) => axes as unknown as Triple),
      flipped: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    });
    const margins = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(volumes, maps, margins, (volume, map, margin) => {
        const turned = padded(turnedBack(volume, map), margin, leastOf(volume));
        expect(sumsOf(turned, map)).toEqual(sumsOf(volume));
      }),
    );
  });

  it('is another where a scan was turned and nothing says so', () => {
    const shape = [2, 2, 3] as const;
    const channel = [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [
        [7, 8, 9],
        [10, 11, 12],
      ],
    ];
    const volume = { shape, channels: [channel] };
    const mirrored = turnedBack(volume, { axes: [0, 1, 2], flipped: [false, false, true] });
    expect(sumsOf(mirrored)).not.toEqual(sumsOf(volume));
    // And where something says so that is not so.
    expect(sumsOf(volume, { axes: [0, 1, 2], flipped: [false, false, true] })).not.toEqual(sumsOf(volume));
  });

  it('is another where a voxel is', () => {
    const at = fc.record({ c: fc.nat(), z: fc.nat(), y: fc.nat(), x: fc.nat() });
    fc.assert(
      fc.property(volumes, at, (volume, { c, z, y, x }) => {
        // A scan of one voxel is of one value, whatever it is: nothing but margin.
        fc.pre(volume.shape.some((n) => n > 1));
        const changed = structuredClone(volume) as { shape: Triple; channels: number[][][][] };
        const channel = changed.channels[c % changed.channels.length];
        const row = channel[z % channel.length][y % channel[0].length];
        // Above all others: it is in the box whatever else is.
        row[x % row.length] = 2e6;
        expect(sumsOf(changed).channels).not.toEqual(sumsOf(volume).channels);
      }),
    );
  });

  it.each([
    [
      'turned',
      [
        [3, 2, 1],
        [6, 5, 4],
      ],
    ],
    [
      'transposed',
      [
        [1, 4],
        [2, 5],
        [3, 6],
      ],
    ],
    [
      'with two voxels exchanged',
      [
        [1, 2, 3],
        [4, 6, 5],
      ],
    ],
  ])('is another %s', (_, plane) => {
    const volume = (rows: number[][]): Volume => ({ shape: [1, rows.length, rows[0].length], channels: [[rows]] });
    expect(sumsOf(volume(plane))).not.toEqual(
      sumsOf(
        volume([
          [1, 2, 3],
          [4, 5, 6],
        ]),
      ),
    );
  });

  it('is the sum that it says', () => {
    // In whole numbers of any length, from the formula; g is the one value that is not 0.
    const { channels } = sumsOf({ shape: [1, 1, 1], channels: [[[[7]]]] });
    expect(channels).toEqual([[0, 0, 0, 0]]);
    const two = sumsOf({
      shape: [2, 2, 3],
      channels: [
        [
          [
            [0, 7, 0],
            [0, 0, 0],
          ],
          [
            [0, 0, 0],
            [0, 0, 7],
          ],
        ],
      ],
    });
    expect(two.shape).toEqual([2, 2, 2]);
    const modulus = 2n ** 32n;
    const one = BigInt(sumsOf({ shape: [1, 1, 2], channels: [[[[0, 7]]]] }).channels[0][0]);
    // The box of [0, 7] is the 7 alone, so that its sum is g itself.
    const corner = 0x9e3779b1n * 0x85ebca77n * 0xc2b2ae3dn;
    expect(BigInt(two.channels[0][0])).toBe((one + one * corner) % modulus);
  });
});
