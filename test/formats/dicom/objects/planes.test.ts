import { expect, it } from 'vitest';
import type { DicomSource, SourceFrame } from '../../../../src/formats/dicom/dicom-source.js';
import { planesOf, voxelCentre } from '../../../../src/formats/dicom/objects/planes.js';

const frames = [0, 1, 2].map(
  (z): SourceFrame => ({
    file: { name: 'x', path: 'x', start: 0, length: 0 },
    sopClass: '1.2',
    sopInstance: `1.2.${z}`,
    frame: null,
    position: [-10, -20, 5 - 2 * z],
  }),
);
const source: DicomSource = {
  format: 'dicom',
  study: '1',
  series: '2',
  frameOfReference: '3',
  modality: 'CT',
  frames,
  orientation: [1, 0, 0, 0, 1, 0],
  pixelSpacing: [0.75, 0.5],
  rows: 2,
  columns: 3,
  flipped: [true, false],
  isUntilted: false,
};
// RAS: x to the left, rows from back to front, slices from head to feet.
const affine = [-0.5, 0, 0, 10, 0, 0.75, 0, 19.25, 0, 0, -2, 5, 0, 0, 0, 1];
const scan = { shape: [3, 2, 3], affine } as const;

it('has the frames of the source from feet to head, with rows in their order', () => {
  const grid = planesOf(scan, source);
  expect(grid.planes.map(({ z, position }) => [z, position[2]])).toEqual([
    [2, 1],
    [1, 3],
    [0, 5],
  ]);
  expect(grid.distance).toBe(2);
  expect([...grid.toFrame(Uint8Array.of(1, 2, 3, 4, 5, 6))]).toEqual([4, 5, 6, 1, 2, 3]);
  expect([...planesOf(scan, { ...source, flipped: [false, true] }).toFrame(Uint8Array.of(1, 2, 3, 4, 5, 6))]).toEqual([
    3, 2, 1, 6, 5, 4,
  ]);
  expect([...planesOf(scan, { ...source, flipped: [true, true] }).toFrame(Uint8Array.of(1, 2, 3, 4, 5, 6))]).toEqual([
    6, 5, 4, 3, 2, 1,
  ]);
});

it('has the grid of the scan where a tilt was taken out, and its voxels lie on no frame', () => {
  const grid = planesOf({ shape: [3, 9, 3], affine }, { ...source, isUntilted: true });
  expect([grid.rows, grid.columns]).toEqual([9, 3]);
  expect(grid.orientation.map((v) => v + 0)).toEqual([1, 0, 0, 0, -1, 0]);
  expect(grid.pixelSpacing).toEqual([0.75, 0.5]);
  // The normal points to the feet now, as the slices do.
  expect(grid.planes.map(({ z, position, isInPlace }) => [z, position, isInPlace])).toEqual([
    [0, [-10, -19.25, 5], false],
    [1, [-10, -19.25, 3], false],
    [2, [-10, -19.25, 1], false],
  ]);
});

it('knows where a voxel lies in LPS', () => {
  expect(voxelCentre({ affine }, [2, 1, 2])).toEqual([-9, -20, 1]);
});
