import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { beginsAsDicom, kindOf } from '../../src/server/body-kind.js';

const nifti = (size: number, isBig = false) => {
  const bytes = Buffer.alloc(2000, 7);
  if (isBig) bytes.writeInt32BE(size);
  else bytes.writeInt32LE(size);
  return bytes;
};
const dicom = Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(1000)]);
const tar = Buffer.concat([Buffer.from('a'.padEnd(257, '\0')), Buffer.from('ustar\0'), Buffer.alloc(2000)]);

/** How many bytes it takes to tell, and what. */
function told(bytes: Buffer): [number, string | null] {
  for (let n = 0; n <= bytes.length; n++) {
    const kind = kindOf(bytes.subarray(0, n), false);
    if (kind !== null) return [n, kind];
  }
  return [bytes.length, kindOf(bytes, true)];
}

describe('kindOf', () => {
  it.each<[string, Buffer, string, number]>([
    ['NIfTI-1', nifti(348), 'image', 4],
    ['NIfTI-2 of the other order', nifti(540, true), 'image', 4],
    ['packed NIfTI', gzipSync(nifti(348)), 'image', 60],
    ['DICOM', dicom, 'dicom', 132],
    ['DICOM without a preamble', Buffer.from([8, 0, 5, 0, 67, 83, 10, 0, ...Buffer.alloc(600)]), 'dicom', 4],
    ['a zip', Buffer.from('PK\x03\x04 and so on'), 'zip', 4],
    ['a tar', tar, 'tar', 512],
    ['a packed tar', gzipSync(tar), 'tar.gz', 100],
    ['what is none of them', Buffer.alloc(2000, 0x20), 'image', 512],
    ['what is short', Buffer.from('hello'), 'image', 5],
    ['nothing', Buffer.alloc(0), 'image', 0],
  ])('tells %s, early', (_, bytes, kind, most) => {
    const [n, found] = told(bytes);
    expect(found).toBe(kind);
    expect(n).toBeLessThanOrEqual(most);
    // However many more there are, it stays what it is.
    expect(kindOf(bytes, true)).toBe(kind);
  });

  it('does not wait for ever for a header that never begins', () => {
    const [n, found] = told(Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 0]), Buffer.alloc(9000, 65)]));
    expect([n, found]).toEqual([4096, 'image']);
  });
});

describe('beginsAsDicom', () => {
  it('is for files with the mark, and for data sets', () => {
    expect(beginsAsDicom(dicom)).toBe(true);
    expect(beginsAsDicom(Buffer.from([2, 0, 0, 0]))).toBe(true);
    for (const other of [Buffer.alloc(0), Buffer.alloc(200), Buffer.from('hello'), nifti(348), tar])
      expect(beginsAsDicom(other)).toBe(false);
  });
});
