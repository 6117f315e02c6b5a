import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SegcanaryClient } from '../../src/client/client.js';
import type { FileRange } from '../../src/files/file-range.js';
import { readHeader } from '../../src/formats/open.js';
import { relatedBody } from '../../src/protocol/multipart-related.js';
import { rtstructDataset } from '../support/dicom-bytes.js';
import { PATIENT } from '../support/dicom-series.js';
import { writeScan } from '../support/scans.js';
import { seriesUid, writeSeries } from '../support/sent-series.js';
import { TestServer } from '../support/server.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-upload-'));
const at = (...names: string[]) => join(folder, ...names);
const SEED = 100;

let server: TestServer;
let files: readonly FileRange[];
/** What the server says of the NIfTI file of the same voxels. */
let expected: { readonly score: number };
const said: string[] = [];

beforeAll(async () => {
  server = await TestServer.here({
    detectors: [`chest=${join(inject('workshop'), 'detector')}`],
    data: at('data'),
    keepFlagged: true,
    limits: { members: 200, stall: 5 },
  });
  files = writeSeries({ folder: at('series'), seed: SEED });
  const nifti = await writeScan({ path: at('scan.nii.gz'), seed: SEED });
  expected = (await (await server.post('case=x', readFileSync(nifti))).json()) as typeof expected;
  expect(expected.score).toBeGreaterThan(-1000);
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  expect(said.join()).not.toMatch(new RegExp(PATIENT.join('|')));
});

type Body = string | Buffer | Blob | FormData;

interface Sent {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says
  readonly body: any;
}

async function send(body: Body, contentType: string | null, query = ''): Promise<Sent> {
  const response = await server.fetch(`/v1/scans?${query}`, {
    method: 'POST',
    headers: contentType === null ? {} : { 'content-type': contentType },
    body,
  });
  const text = await response.text();
  said.push(text);
  return { status: response.status, body: JSON.parse(text) };
}

/** Ranges as a multipart/related body, whole. */
async function related(ranges: readonly FileRange[]): Promise<[Buffer, string]> {
  const { body, contentType } = relatedBody(ranges);
  return [Buffer.concat(await body.toArray()), contentType];
}

const archive = (name: string, ...args: string[]): Buffer => {
  execFileSync(args[0], args.slice(1), { cwd: folder });
  return readFileSync(at(name));
};
const fixture = (name: string) => `test/fixtures/dicom-headers/${name}.dcm`;
const uploads = () => readdirSync(at('data', 'uploads'));

describe('a series that is sent', () => {
  it.each<[string, () => Promise<[Body, string | null]> | [Body, string | null]]>([
    ['as multipart/related', () => related(files)],
    ['in any order', () => related([...files].reverse())],
    ['as a tar', () => [archive('a.tar', 'tar', 'cf', 'a.tar', 'series'), 'application/x-tar']],
    ['as a packed tar', () => [archive('a.tgz', 'tar', 'czf', 'a.tgz', 'series'), 'application/gzip']],
    [
      'as a tar that is said to be bytes',
      () => [archive('a.tar', 'tar', 'cf', 'a.tar', 'series'), 'application/octet-stream'],
    ],
    [
      'as a form of many files',
      () => {
        const form = new FormData();
        for (const [i, { path }] of files.entries())
          form.append('files', new Blob([readFileSync(path)]), `DOE^JANE/${i}`);
        form.append('files', new Blob(['notes']), 'notes.txt');
        return [form, null];
      },
    ],
  ])('%s has the score of a NIfTI file of its voxels', async (_, body) => {
    const sent = await send(...(await body()));
    expect(sent.status, JSON.stringify(sent.body)).toBe(200);
    expect(sent.body).toEqual({ ...expected, case: sent.body.case, score: expect.closeTo(expected.score, 6) });
    expect(sent.body.case).toMatch(/^ct-[0-9a-f]{12}$/);
    expect(uploads()).toEqual([]);
  });

  it('tells where it comes from, unless its sender does; nothing of its patient is kept', async () => {
    const [body, type] = await related(files);
    await send(body, type);
    const { scans } = await server.json('/v1/scans?limit=1');
    expect(scans[0]).toMatchObject({
      case: expect.stringMatching(/^ct-/),
      site: expect.stringMatching(/^site-[0-9a-f]{12}$/),
      scanner: 'ACME Scan 9 CT01 B40f',
    });
    await send(body, type, 'case=p1&site=North&scanner=S2');
    const { scans: named } = await server.json('/v1/scans?limit=1');
    expect(named[0]).toMatchObject({ case: 'p1', site: 'North', scanner: 'S2', result: { case: 'p1' } });
    const drift = await server.json('/v1/detectors/chest/drift');
    expect(drift.sites).toEqual(['North', scans[0].site]);
    expect(statSync(at('data', 'key')).mode & 0o777).toBe(0o600);
    for (const name of readdirSync(at('data')).filter((file) => /^segcanary\.db(-wal)?$/.test(file))) {
      const bytes = readFileSync(at('data', name)).toString('latin1');
      for (const word of PATIENT) expect(bytes.includes(word), `${word} in ${name}`).toBe(false);
    }
  });

  it('comes from a client as a list of files', async () => {
    const client = new SegcanaryClient({ url: server.url });
    const score = await client.score({ files });
    expect(score.score).toBeCloseTo(expected.score, 6);
    const byPath = await client.score(
      { files: files.map(({ path }) => path) },
      { case: 'p2', mask: at('mask.nii.gz') },
    );
    expect(byPath).toMatchObject({ case: 'p2', score: score.score });
    const { shape } = await readHeader(at('mask.nii.gz'));
    expect(shape).toEqual([36, 72, 72]);
    const later = await client.scoreLater({ files: files.map(({ path }) => path) });
    for await (const event of client.watch(later.id))
      if (event.event === 'done') expect(event.record.case).toBe(score.case);
    await expect(client.score({ files: [at('none')] })).rejects.toMatchObject({ code: 'io' });
  });

  it('is kept as NIfTI where it was flagged, on the grid of its map', async () => {
    const flagged = writeSeries({ folder: at('flagged'), seed: 7, shape: [12, 40, 40] });
    const [body, type] = await related(flagged);
    const sent = await send(body, type);
    expect(sent.body.verdict).toBe('out-of-distribution');
    const { scans } = await server.json('/v1/scans?limit=1');
    expect(scans[0].kept).toEqual(expect.arrayContaining(['image', 'uncertainty']));
    expect(readdirSync(at('data', 'images', scans[0].id)).sort()).toEqual(['image.nii.gz', 'uncertainty.nii.gz']);
    const [image, map] = await Promise.all(
      ['image', 'uncertainty'].map((name) => readHeader(at('data', 'images', scans[0].id, `${name}.nii.gz`))),
    );
    expect([image.shape, image.affine]).toEqual([map.shape, map.affine]);
    // Sent as the image that was kept, it has the same score.
    const again = await send(await (await server.fetch(`/v1/scans/${scans[0].id}/image`)).blob(), 'application/gzip');
    expect(again.body.score).toBeCloseTo(sent.body.score, 6);
    expect(again.body.worstPatch).toEqual(sent.body.worstPatch);
  });

  it('takes a single file', async () => {
    const ct = readFileSync(fixture('legacy-ct'));
    for (const type of ['application/dicom', 'application/octet-stream', 'multipart/related; boundary=no']) {
      const isParts = type.startsWith('multipart');
      const parts = Buffer.concat([Buffer.from('--no\r\n\r\n'), ct, Buffer.from('\r\n--no--')]);
      const sent = await send(isParts ? parts : ct, type);
      expect(sent).toMatchObject({ status: 200, body: { case: expect.stringMatching(/^ct-/), patches: 1 } });
    }
    const mr = readFileSync(fixture('enhanced-mr'));
    const several = await send(mr, 'application/dicom');
    expect(several).toMatchObject({ status: 400, body: { error: { option: 'series' } } });
    expect((await send(mr, 'application/dicom', 'series=4.2')).body.case).toMatch(/^mr-[0-9a-f]{12}-2$/);
  });
});

describe('of several series', () => {
  it('one has to be named, and all are listed', async () => {
    const both = [...files, ...writeSeries({ folder: at('second'), seed: SEED + 1 })];
    const [body, type] = await related(both);
    const several = await send(body, type);
    expect(several).toMatchObject({ status: 400, body: { error: { code: 'usage', option: 'series' } } });
    for (const seed of [SEED, SEED + 1]) expect(several.body.error.message).toContain(`UID ${seriesUid(seed)}`);
    expect(several.body.error.message).toMatch(/has 2 series .* 36 slices, kernel B40f/);
    expect(several.body.error.message).not.toContain('eachSeries');
    const named = await send(body, type, `series=${seriesUid(SEED)}`);
    expect(named.body.score).toBeCloseTo(expected.score, 6);
    const none = await send(body, type, 'series=9');
    expect(none).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining('no series 9') } } });
    // The list has what a technologist typed: it is for the sender, and not for whoever reads
    // records.
    const { scans } = await server.json('/v1/scans?status=failed&limit=2');
    expect(scans.map(({ error }: { error: { message: string } }) => error.message)).toEqual([
      'scan: there is no series of the number or UID that was named; its sender was told which there are.',
      'scan: has 2 series that can be scored; its sender was told which there are.',
    ]);
  });

  it('what is no scan is set aside, and remarked on', async () => {
    const struct = at('struct');
    mkdirSync(struct);
    execFileSync('cp', ['-r', at('series'), struct]);
    writeFileSync(join(struct, 'rtstruct'), rtstructDataset('1.2', '1.2.3', '1.2.3.4'));
    const sent = await send(archive('s.tar', 'tar', 'cf', 's.tar', 'struct'), 'application/x-tar');
    expect(sent.body).toMatchObject({ warnings: [{ code: 'set-aside' }], score: expect.closeTo(expected.score, 6) });
  });
});

describe('what is refused', () => {
  const part = (text: string) =>
    [`--b\r\nContent-Type: application/dicom\r\n\r\n${text}\r\n--b--`, 'multipart/related; boundary=b'] as const;
  const whole = () => readFileSync(files[0].path);

  it.each<[string, () => readonly [Body, string], string, number, string, RegExp]>([
    ['a part that is no DICOM', () => part('hello'), '', 422, 'dicom-invalid', /file 1 is no DICOM file/],
    ['a file that is no DICOM', () => [Buffer.alloc(1000), 'application/dicom'], '', 422, 'dicom-invalid', /file 1/],
    ['a body without a boundary', () => ['x', 'multipart/related'], '', 400, 'usage', /no boundary/],
    ['a body without its end', () => [part('x')[0].slice(0, 30), part('x')[1]], '', 422, 'truncated', /last boundary/],
    ['a body without parts', () => ['--b--', 'multipart/related; boundary=b'], '', 422, 'scan-unsuitable', /no files/],
    ['a file that is cut', () => [whole().subarray(0, 3000), 'application/dicom'], '', 422, 'truncated', /file 1/],
    ['a zip that is cut', () => [Buffer.from('PK\x03\x04 and so on'), 'application/zip'], '', 422, 'truncated', /zip/],
    ['a volume of a series', () => [whole(), 'application/dicom'], 'volume=1', 400, 'usage', /`volume`/],
    [
      'a series of a NIfTI file',
      () => [readFileSync(at('scan.nii.gz')), 'application/gzip'],
      'series=1',
      400,
      'usage',
      /no DICOM series/,
    ],
    [
      'a tilt of a NIfTI file',
      () => [readFileSync(at('scan.nii.gz')), 'application/gzip'],
      'untilt=1',
      400,
      'usage',
      /`untilt`/,
    ],
    ['a series that is no name', () => [whole(), 'application/dicom'], 'series=a', 400, 'usage', /number or the UID/],
  ])('%s', async (_, body, query, status, code, message) => {
    const sent = await send(...body(), query);
    expect(sent).toMatchObject({ status, body: { error: { code, message: expect.stringMatching(message) } } });
    expect(uploads()).toEqual([]);
  });

  it('what lacks a slice, by its numbers, before it waits for a turn', async () => {
    const [body, type] = await related(files.filter((_, i) => i !== 13));
    const sent = await send(body, type);
    expect(sent).toMatchObject({ status: 422, body: { error: { code: 'series-inconsistent', subject: 'scan' } } });
    const { scans } = await server.json('/v1/scans?limit=1&status=failed');
    expect(scans[0]).toMatchObject({ seconds: null, error: { code: 'series-inconsistent' } });
  });

  it('more files than are allowed', async () => {
    const [body, type] = await related(Array.from({ length: 201 }, () => ({ ...files[0], length: 300 })));
    const sent = await send(body, type);
    expect(sent).toMatchObject({ status: 413, body: { error: { code: 'limit-exceeded', option: 'limits.members' } } });
    expect(uploads()).toEqual([]);
  });

  it('what is no DICOM while the rest has not come', async () => {
    const { hostname, port } = new URL(server.url);
    const call = request({
      ...{ hostname, port, method: 'POST', path: '/v1/scans' },
      headers: { 'content-type': 'multipart/related; boundary=b', 'content-length': String(2 ** 30) },
    });
    call.on('error', () => {});
    call.write(`--b\r\nContent-Type: application/dicom\r\n\r\n${'x'.repeat(8000)}`);
    const [response] = await once(call, 'response');
    expect(response.statusCode).toBe(422);
    call.destroy();
  });

  const FORM = 'multipart/form-data; boundary=b';
  const formPart = (i: number) =>
    Buffer.concat([
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="f"; filename="${i}"\r\n\r\n`),
      readFileSync(files[i].path),
      Buffer.from('\r\n'),
    ]);
  it.each<[string, () => Promise<[Buffer, string]>]>([
    ['in the middle of a file', async () => related(files).then(([body, type]) => [body.subarray(0, 100_000), type])],
    ['behind a file of a form', async () => [formPart(0), FORM]],
    ['before a file of a form', async () => [formPart(0).subarray(0, 20), FORM]],
    ['in the head of the next', async () => [Buffer.concat([formPart(0), formPart(1).subarray(0, 30)]), FORM]],
  ])('a sender that stalls %s; nothing of it stays', async (_, sent) => {
    const { hostname, port } = new URL(server.url);
    const [bytes, type] = await sent();
    const call = request({
      ...{ hostname, port, method: 'POST', path: '/v1/scans' },
      headers: { 'content-type': type, 'content-length': '10000000' },
    });
    call.on('error', () => {});
    call.write(bytes);
    const [response] = await once(call, 'response');
    expect(response.statusCode).toBe(408);
    call.destroy();
    await expect.poll(uploads).toEqual([]);
  });
});

it('a server without a folder has a key of its own', async () => {
  const other = await TestServer.here({ detectors: [join(inject('workshop'), 'detector')] });
  const [body, type] = await related(files);
  const answer = await other.fetch('/v1/scans', { method: 'POST', headers: { 'content-type': type }, body });
  const { case: name } = (await answer.json()) as { readonly case: string };
  const mine = (await send(body, type)).body.case;
  expect(name).toMatch(/^ct-[0-9a-f]{12}$/);
  expect(name).not.toBe(mine);
  await other.stop();
});
