import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync, inflateSync } from 'node:zlib';
import { expect } from 'vitest';
import { headerLength, parseHeader } from '../../src/formats/nifti/header.js';
import { segmenterOf, segmentScans } from '../../src/jobs/segment.js';
import { openSegmentationModel } from '../../src/network/folder.js';
import { isFailure } from '../../src/results.js';

export interface Case {
  readonly files: readonly string[];
  /** [x, y, z]. */
  readonly shape: readonly number[];
  /** Voxels, z slowest, and the labels there: packed 32-bit and 8-bit numbers. */
  readonly positions: string;
  readonly labels: string;
}

interface Expected {
  /** The model's. */
  readonly folder: string;
  readonly tta: boolean;
  readonly cases: Record<string, Case>;
}

const folder = join(import.meta.dirname, '../fixtures/segment');
/** What test/oracle/segment.py saw nnunetv2 predict, and segment_v1.py nnunet 1.7.1. */
const kinds = Object.entries(
  JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, Expected>,
);
const unpack = (text: string) => Uint8Array.from(inflateSync(Buffer.from(text, 'base64')));

/** Segments one scan and counts the positions at which its labels are not nnU-Net's. */
export async function differing({ folder: path, tta }: Expected, name: string, files: readonly string[], found: Case) {
  const model = await openSegmentationModel(join(folder, path));
  const segmenter = await segmenterOf({ model, tta });
  const chunks: Buffer[] = [];
  const to = () =>
    new Writable({
      write(bytes: Buffer, _encoding, done) {
        chunks.push(bytes);
        done();
      },
    });
  const [file, ...moreChannels] = files as [string, ...string[]];
  for await (const result of segmentScans({ model, segmenter, inputs: [{ case: name, file, moreChannels }], to }))
    if (isFailure(result)) throw new Error(result.error.message);
  const bytes = gunzipSync(Buffer.concat(chunks));
  const header = parseHeader(bytes.subarray(0, headerLength(bytes) ?? 0), { name });
  const voxels = bytes.subarray(header.voxelOffset);
  const positions = new Uint32Array(unpack(found.positions).buffer);
  const labels = unpack(found.labels);
  expect(positions.length).toBe(20000);
  return positions.reduce((n, position, i) => n + Number(voxels[position] !== labels[i]), 0);
}

/**
 * Half of the positions lie in labels, whose borders nnU-Net's float16 moves; 1 in 10,000 is what
 * is promised of all voxels.
 */
export const MOST = 8;

// One scan of each kind, the smallest; the scripts compare every voxel of all.
const voxels = ({ shape }: Case) => shape.reduce((n, size) => n * size);
export const smallest = kinds.map(([kind, expected]) => {
  const [name, found] = Object.entries(expected.cases).sort(([, a], [, b]) => voxels(a) - voxels(b))[0];
  return [kind, name, expected, found] as const;
});
export const isSynthetic = ({ files: [file] }: Case) => file!.startsWith('synthetic');
