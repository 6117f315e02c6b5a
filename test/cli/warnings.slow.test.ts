import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const good = gunzipSync(readFileSync(join(workshop, 'held-out', 'held-out_0_0000.nii.gz')));
/** Where the fields of a NIfTI-1 header lie, and the voxels (int16) behind it. */
const AT = {
  dim: 40,
  datatype: 70,
  pixdim: 76,
  slope: 112,
  intercept: 116,
  qform: 252,
  sform: 254,
  srow: 280,
  voxels: 352,
};

/** The good scan, changed. */
function changed(change: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.from(good);
  change(bytes);
  return bytes;
}

const fill = (value: number) => (bytes: Buffer) => {
  for (let at = AT.voxels; at < bytes.length; at += 2) bytes.writeInt16LE(value, at);
};

const float = (bytes: Buffer): Buffer => {
  const count = (bytes.length - AT.voxels) / 2;
  const body = Buffer.alloc(4 * count);
  for (let i = 0; i < count; i++) body.writeFloatLE(bytes.readInt16LE(AT.voxels + 2 * i), 4 * i);
  body.writeFloatLE(Number.NaN, 40_000);
  const header = Buffer.from(bytes.subarray(0, AT.voxels));
  header.writeInt16LE(16, AT.datatype);
  header.writeInt16LE(32, AT.datatype + 2);
  return Buffer.concat([header, body]);
};

/** Voxels of another size, by pixdim and by the sform: a header has to agree with itself. */
const spaced = (mm: number) =>
  changed((bytes) => {
    for (const axis of [0, 1, 2]) {
      const factor = mm / bytes.readFloatLE(AT.pixdim + 4 * (axis + 1));
      bytes.writeFloatLE(mm, AT.pixdim + 4 * (axis + 1));
      for (const row of [0, 1, 2]) {
        const at = AT.srow + 16 * row + 4 * axis;
        bytes.writeFloatLE(factor * bytes.readFloatLE(at), at);
      }
    }
  });

const turned = changed((bytes) => {
  bytes.writeInt16LE(0, AT.qform);
  bytes.writeFloatLE(-bytes.readFloatLE(AT.srow), AT.srow);
});

/**
 * What docs/input.md promises, scan by scan: the file's name, its bytes, and the code of the
 * warning or (with !) of the refusal.
 */
const scans: readonly (readonly [string, Buffer, string | null])[] = [
  ['good.nii', good, null],
  ['stored.nii', changed((b) => b.writeFloatLE(1, AT.slope) && b.writeFloatLE(1024, AT.intercept)), 'not-hounsfield'],
  ['empty.nii', changed(fill(0)), '!scan-unsuitable'],
  ['air.nii', changed(fill(-1000)), '!scan-unsuitable'],
  ['nan.nii', float(good), '!non-finite'],
  ['metres.nii', spaced(0.005), '!scan-unsuitable'],
  ['tiny.nii', spaced(0.3), 'implausible-spacing'],
  ['turned.nii', turned, 'orientation'],
  ['torn.nii', changed((b) => b.writeFloatLE(-b.readFloatLE(AT.srow), AT.srow)), 'contradicting-header'],
  ['two.nii', Buffer.concat([good, good]), 'trailing-data'],
  ['unpacked.nii.gz', good, 'file-ending'],
  ['packed.nii', gzipSync(good), 'file-ending'],
  ['dicom.nii', Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(400)]), '!dicom-invalid'],
  ['series.nii', changed((b) => b.writeInt16LE(4, AT.dim) && b.writeInt16LE(2, AT.dim + 8)), '!nifti-unsupported'],
  ['cut.nii', good.subarray(0, good.length / 2), '!truncated'],
];

it('warns of every kind of scan that is well-formed and wrong, and refuses what cannot be judged', async () => {
  const folder = mkdtempSync(join(workshop, 'wrong-'));
  for (const [name, bytes] of scans) writeFileSync(join(folder, name), bytes);
  const ran = await segcanary(['score', '-d', detector, '-i', ...scans.map(([name]) => join(folder, name))]);
  expect(ran.code).toBe(3);
  const found = jsonLines(ran).map(({ error, warnings }) =>
    error ? `!${(error as { code: string }).code}` : ((warnings as { code: string }[])[0]?.code ?? null),
  );
  expect(found).toEqual(scans.map(([, , code]) => code));
  for (const { warnings = [] } of jsonLines(ran) as { warnings?: { message: string }[] }[])
    for (const { message } of warnings) expect(message).toMatch(/^[A-Z].*\.$/);
}, 60_000);

it('tells segment’s reader too, with and without a detector', async () => {
  const folder = mkdtempSync(join(workshop, 'wrong-'));
  const path = join(folder, 'stored.nii');
  writeFileSync(path, scans[1][1]);
  const model = new URL('../../examples/phantom/model', import.meta.url).pathname;
  for (const more of [[], ['-d', detector]]) {
    const ran = await segcanary(['segment', '-m', model, '-i', path, '-o', join(folder, 'out'), ...more]);
    expect(jsonLines(ran)[0]).toMatchObject({ warnings: [{ code: 'not-hounsfield' }] });
  }
}, 60_000);

it('stops a scan that takes longer than it may, without a file left behind', async () => {
  const folder = mkdtempSync(join(workshop, 'slow-'));
  const path = join(folder, 'scan.nii');
  writeFileSync(path, good);
  const args = ['score', '-d', detector, '-i', path, '--mask', join(folder, 'mask.nii.gz')];
  const ran = await segcanary([...args, '--limits', 'seconds=0.001', 'stall=5']);
  expect(ran.code).toBe(1);
  expect(jsonLines(ran)[0]).toMatchObject({ error: { code: 'timed-out' } });
  expect(readdirSync(folder)).toEqual(['scan.nii']);
  const wrong = await segcanary([...args, '--limits', 'seconds=soon']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/Give the limit as a number above 0: seconds=14400\./);
}, 60_000);
