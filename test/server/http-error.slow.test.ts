import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { jsonLines, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';

/**
 * The rows of docs/input.md that a sender can bring about: the server says what the command line
 * says.
 */
const detector = join(inject('workshop'), 'detector');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let server: TestServer;
let plain: Buffer;
let mr: Buffer;
beforeAll(async () => {
  const read = async (name: string, more: object) =>
    execFileSync('gzip', ['-dc', await writeScan({ path: join(folder, `${name}.nii.gz`), seed: 340, ...more })]);
  plain = await read('plain', {});
  mr = await read('mr', { modality: 'mr' });
  server = await TestServer.here({ detectors: [`chest=${detector}`] });
});
afterAll(() => server.stop());

const changed = (change: (bytes: Buffer) => void, scan = plain) => {
  const bytes = Buffer.from(scan);
  change(bytes);
  return bytes;
};
const floats = (fill: (values: Float32Array) => void) => {
  const voxels = new Float32Array((plain.length - 352) / 2);
  for (let i = 0; i < voxels.length; i++) voxels[i] = plain.readInt16LE(352 + 2 * i);
  fill(voxels);
  const header = changed((bytes) => {
    bytes.writeInt16LE(16, 70);
    bytes.writeInt16LE(32, 72);
  }).subarray(0, 352);
  return Buffer.concat([header, Buffer.from(voxels.buffer)]);
};
const packed = () => gzipSync(plain);

it.each<[string, () => Buffer, number, string]>([
  ['no Hounsfield units', () => mr, 200, 'not-hounsfield'],
  ['voxels of 30 mm', () => changed((b) => void b.writeFloatLE(30, 88)), 200, 'implausible-spacing'],
  [
    'no geometry',
    () =>
      changed((b) => {
        for (const at of [80, 84, 88]) b.writeFloatLE(1, at);
        b.writeInt32LE(0, 252);
      }),
    200,
    'no-geometry',
  ],
  ['axes that run otherwise', () => changed((b) => void b.writeFloatLE(-b.readFloatLE(280), 280)), 200, 'orientation'],
  ['every voxel the same', () => changed((b) => void b.fill(0, 352)), 422, 'scan-unsuitable'],
  ['NaN', () => floats((v) => void v.fill(Number.NaN, 5000, 5001)), 422, 'non-finite'],
  ['infinity', () => floats((v) => void v.fill(Number.POSITIVE_INFINITY, 9, 10)), 422, 'non-finite'],
  ['DICOM', () => Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(500)]), 422, 'dicom-invalid'],
  [
    'a picture',
    () => Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), Buffer.alloc(500)]),
    422,
    'nifti-invalid',
  ],
  [
    'two volumes',
    () =>
      Buffer.concat([
        changed((b) => {
          b.writeInt16LE(4, 40);
          b.writeInt16LE(2, 48);
        }),
        plain.subarray(352),
      ]),
    422,
    'nifti-unsupported',
  ],
  [
    'complex numbers',
    () =>
      changed((b) => {
        b.writeInt16LE(32, 70);
        b.writeInt16LE(64, 72);
      }),
    422,
    'nifti-unsupported',
  ],
  ['a header that contradicts itself', () => changed((b) => void b.writeFloatLE(100, 108)), 422, 'nifti-invalid'],
  ['a scan that ends early', () => plain.subarray(0, 40_000), 422, 'truncated'],
  ['a gzip that ends early', () => packed().subarray(0, -100), 422, 'truncated'],
  [
    'a gzip that is damaged',
    () => changed((b) => void b.fill(0xff, b.length >> 1, (b.length >> 1) + 40), packed()),
    422,
    'gzip-corrupt',
  ],
  [
    'a slice of 10^9 voxels',
    () => changed((b) => [42, 44].forEach((at) => void b.writeInt16LE(32_767, at))),
    413,
    'limit-exceeded',
  ],
])('%s', async (_, make, status, code) => {
  const bytes = make();
  const path = join(folder, 'scan.nii');
  writeFileSync(path, bytes);
  const [local] = jsonLines(await segcanary(['score', '-d', detector, '-i', path, '--case', 'scan']));
  // A name's ending is the file's, and the server sees none.
  const named = (value: unknown) => JSON.stringify(value).replaceAll(path, 'scan');
  const response = await server.post('', bytes, { 'content-type': 'application/octet-stream' });
  const body = (await response.json()) as {
    warnings: { code: string }[];
    error: { code: string; message: string };
  };
  expect(response.status).toBe(status);
  if (status === 200) {
    expect(body.warnings.map(({ code: found }) => found)).toContain(code);
    expect(JSON.stringify(body)).toBe(named(local));
  } else {
    expect(body.error.code).toBe(code);
    // What the command line says of a flag, the server says of the parameter, or of its own limit.
    const inItsWords = named(local)
      .replace('--volume', '`volume`')
      .replace(/--limits (\w+)=…/, 'the server’s limit $1');
    const { error } = JSON.parse(inItsWords) as typeof body;
    // Files of a DICOM body are known by their number.
    const subject = code === 'dicom-invalid' ? 'file 1' : 'scan';
    const message = error.message.replace(/^scan(?=:)/, subject);
    expect(body.error).toMatchObject({ ...error, message, subject });
    expect(body.error.message).toMatch(/^[^\n]+\.$/);
  }
});

it.each([
  ['no part at all', '--b--\r\n', 422],
  ['a part without a head', '--b\r\nFalse--b--\r\n', 400],
  ['a head that does not end', '--b\r\nContent-Disposition: form-data; name="a"', 400],
  ['a head that is none', '--b\r\n:::\r\n\r\nabc\r\n--b--\r\n', 422],
  ['a field in the place of a file', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nabc\r\n--b--\r\n', 422],
  [
    'a file that is no scan',
    '--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nabc\r\n--b--\r\n',
    422,
  ],
  ['a file that does not end', '--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nabc', 400],
  ['nothing', '', 422],
  ['another boundary', '--c\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\nabc\r\n--c--\r\n', 400],
])('a form of %s', async (_, text, status) => {
  const type = 'multipart/form-data';
  const response = await server.post('', text, { 'content-type': `${type}; boundary=b` });
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(response.status, error.message).toBe(status);
  expect(error.message).toMatch(/^[^\n]+\.$/);
  // Stored first, and refused then or when it is scored.
  const later = await server.post('', text, { 'content-type': `${type}; boundary=b`, prefer: 'respond-async' });
  expect([202, status]).toContain(later.status);
  expect((await server.post('', text, { 'content-type': type })).status).toBe(400);
});
