import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { SegcanaryClient } from '../../src/client/client.js';
import { openSegmentationModel } from '../../src/network/folder.js';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { TestServer } from '../support/server.js';

const detector = join(inject('workshop'), 'detector');
const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
const at = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const TOKEN = 'a-token-of-the-tests';
let server: TestServer;
let client: SegcanaryClient;
let ct: string;
let mr: string;
beforeAll(async () => {
  ct = await writeScan({ path: at('ct_0000.nii.gz'), seed: 310 });
  mr = await writeScan({ path: at('mr_0000.nii.gz'), seed: 311, modality: 'mr' });
  server = await TestServer.here({
    detectors: [`chest=${detector}`],
    model: await openSegmentationModel(MODEL, {}),
    data: at('data'),
    keepFlagged: true,
    token: TOKEN,
    limits: { stall: 2 },
  });
  client = new SegcanaryClient({ url: `${server.url}/`, token: TOKEN });
});
afterAll(() => server.stop());

/** A score as a server of any version sends it. */
const RIGHT = {
  case: 'scan',
  score: 4,
  uncertainty: 0.25,
  boundary: 5,
  verdict: 'in-distribution',
  pValue: 0.5,
  patches: 8,
  worstPatch: { distance: 9, centre: [1, 2, 3] },
  warnings: [],
  detector: 'sha256:0',
} as const;

const collect = () => {
  const pieces: Buffer[] = [];
  const stream = new Writable({
    write(piece, _, done) {
      pieces.push(piece);
      done();
    },
  });
  return { stream, bytes: () => Buffer.concat(pieces) };
};

describe('SegcanaryClient', () => {
  it('scores a path, bytes and a stream as the command line does', async () => {
    const local = jsonLines(await segcanary(['score', '-d', detector, '-i', ct, '--explain']));
    const { explanation, ...plain } = local[0];
    expect(await client.score(ct, { case: 'ct', explain: true })).toEqual({ ...plain, explanation });
    const bytes = readFileSync(ct);
    expect(await client.score(bytes, { case: 'ct' })).toEqual(plain);
    expect(await client.score([Readable.from([bytes.subarray(0, 99), bytes.subarray(99)])], { case: 'ct' })).toEqual(
      plain,
    );
  });

  it('gives the map and the segmentation to files and streams, the same bytes as the command line', async () => {
    await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', mr, '-o', at('local')]);
    const map = collect();
    const result = await client.score(mr, { case: 'mr', mask: map.stream, segmentation: at('mr.nii.gz') });
    expect(result.voxels).toBeDefined();
    expect(map.bytes().equals(readFileSync(at('local', 'mr_uncertainty.nii.gz')))).toBe(true);
    expect(map.stream.writableFinished).toBe(true);
    expect(readFileSync(at('mr.nii.gz')).equals(readFileSync(at('local', 'mr.nii.gz')))).toBe(true);
    await client.score(mr, { mask: at('map.nii') });
    expect(readFileSync(at('map.nii')).equals(gunzipSync(map.bytes()))).toBe(true);
  });

  it('sends a scan for later, tells of it to its end, and asks for what was kept', async () => {
    const accepted = await client.scoreLater(mr, { case: 'later', site: 'North', scanner: 'S1' });
    expect(['queued', 'running']).toContain(accepted.status);
    const events = [];
    for await (const event of client.watch(accepted.id)) events.push(event);
    expect(events.at(-1)).toMatchObject({ event: 'done', record: { id: accepted.id, site: 'North' } });
    const record = await client.scan(accepted.id);
    expect(record.kept).toContain('image');
    const image = [];
    for await (const piece of await client.image(record.id, 'image')) image.push(piece as Buffer);
    expect(Buffer.concat(image).equals(readFileSync(mr))).toBe(true);
    expect((await client.scans({ site: 'North' })).scans.map(({ id }) => id)).toEqual([record.id]);
    await client.remove(record.id);
    await expect(client.scan(record.id)).rejects.toMatchObject({ status: 404, code: 'not-found' });
  });

  it('is given a kept scan as it came, packed or not, and its type says which', async () => {
    for (const [scan, type] of [
      [readFileSync(mr), 'application/gzip'],
      [gunzipSync(readFileSync(mr)), 'application/octet-stream'],
    ] as const) {
      await client.score(scan, { case: 'kept', scanner: 'S2' });
      const { id } = (await client.scans({ scanner: 'S2', limit: 1 })).scans[0];
      const response = await server.fetch(`/v1/scans/${id}/image`, { headers: { authorization: `Bearer ${TOKEN}` } });
      expect(response.headers.get('content-type')).toBe(type);
      expect(Buffer.from(await response.arrayBuffer()).equals(scan)).toBe(true);
    }
  });

  it('knows the detectors and their drift', async () => {
    const [only] = await client.detectors();
    expect(only).toMatchObject({ name: 'chest', default: true, kind: 'features' });
    expect((await client.drift('chest')).n).toBeGreaterThan(0);
  });

  it.each([
    ['a scan that is cut off', () => readFileSync(ct).subarray(0, 4000), 422, 'truncated'],
    ['what is no scan', () => Buffer.from('hello, this is no scan at all'), 422, 'nifti-invalid'],
    ['too many channels', () => [ct, mr], 422, 'scan-unsuitable'],
  ])('%s is refused in a sentence, with a mask too, and no file appears', async (_, scan, status, code) => {
    await expect(client.score(scan())).rejects.toMatchObject({ name: 'ServerError', status, code });
    await expect(client.score(scan(), { mask: at('never.nii.gz') })).rejects.toMatchObject({ code });
    expect(readdirSync(folder).filter((name) => name.includes('never'))).toEqual([]);
  });

  it('tells a wrong token, no token, an unknown detector, a file that is not there', async () => {
    await expect(new SegcanaryClient({ url: server.url }).detectors()).rejects.toMatchObject({ status: 401 });
    const wrong = new SegcanaryClient({ url: server.url, token: `${TOKEN}!` });
    await expect(wrong.score(ct)).rejects.toMatchObject({ status: 401, code: 'unauthorized' });
    await expect(client.score(ct, { detector: 'brain' })).rejects.toMatchObject({ status: 404 });
    await expect(client.score(at('absent.nii.gz'))).rejects.toMatchObject({ name: 'SegcanaryError', code: 'io' });
    expect(() => new SegcanaryClient({ url: 'somewhere' })).toThrow(/somewhere: is no address of a server/);
    expect(() => new SegcanaryClient({ url: 'ftp://there' })).toThrow(/is no address/);
  });

  it('passes on what the source of a scan fails with', async () => {
    async function* failing() {
      yield readFileSync(ct).subarray(0, 1000);
      throw new Error('the source failed');
    }
    await expect(client.score(failing())).rejects.toThrow('the source failed');
  });

  it('stops when its signal says so, before and while the scan is being sent', async () => {
    await expect(client.score(ct, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
    const controller = new AbortController();
    const slow = new Readable({ read() {} });
    slow.push(readFileSync(ct).subarray(0, 1000));
    setTimeout(() => controller.abort(), 200);
    await expect(client.score(slow, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(slow.destroyed).toBe(true);
  });
});

describe('SegcanaryClient and servers that are none, or break', () => {
  const servers: Server[] = [];
  afterAll(() => servers.forEach((one) => void one.closeAllConnections()));
  const serving = async (handler: Parameters<typeof createServer>[1] & object) => {
    const one = createServer(handler as never).listen(0, '127.0.0.1');
    servers.push(one);
    one.unref();
    await once(one, 'listening');
    return new SegcanaryClient({ url: `http://127.0.0.1:${(one.address() as AddressInfo).port}`, patience: 5 });
  };

  it('tells that nobody answers', async () => {
    const closed = await serving((() => {}) as never);
    const { url } = closed;
    servers.pop()!.close();
    await expect(new SegcanaryClient({ url }).score(ct)).rejects.toThrow(/no server answers there \(ECONNREFUSED\)/);
  });

  it.each([
    ['another server', 200, 'text/html', '<html>hello</html>'],
    ['a proxy without a server', 502, 'text/html', '<html>Bad gateway</html>'],
    ['JSON of something else', 404, 'application/json', '{"message":"no such route"}'],
  ])('tells %s', async (_, status, type, text) => {
    const other = await serving(((_request: unknown, response: import('node:http').ServerResponse) =>
      response.writeHead(status, { 'content-type': type }).end(text)) as never);
    for (const ask of [
      () => other.score(ct),
      () => other.score(ct, { mask: at('never.nii.gz') }),
      () => other.detectors(),
    ])
      await expect(ask()).rejects.toMatchObject({ status, code: 'unreachable' });
    expect(existsSync(at('never.nii.gz'))).toBe(false);
  });

  it('leaves no file where the answer breaks off, and none where it ends in an error', async () => {
    const head = `--b\r\nContent-Disposition: attachment; name="uncertainty"\r\n\r\n`;
    for (const [text, code] of [
      [`${head}some bytes of a map`, 'unreachable'],
      [
        `${head}bytes\r\n--b\r\nContent-Disposition: attachment; name="result"\r\n\r\n{"error":{"code":"truncated","message":"scan: ended."}}\r\n--b--\r\n`,
        'truncated',
      ],
      [`${head}bytes\r\n--b--\r\n`, 'answer-invalid'],
    ] as const) {
      const breaking = await serving(((
        request: import('node:http').IncomingMessage,
        response: import('node:http').ServerResponse,
      ) => {
        request.resume().once('end', () => {
          response.writeHead(200, { 'content-type': 'multipart/mixed; boundary="b"' });
          response.write(text);
          if (text.endsWith('--b--\r\n')) response.end();
          else setTimeout(() => response.destroy(), 50);
        });
      }) as never);
      await expect(breaking.score(ct, { mask: at('broken.nii.gz') })).rejects.toMatchObject({ code });
      expect(readdirSync(folder).filter((name) => name.includes('broken'))).toEqual([]);
    }
  });

  it('comes again while the queue is full, with what can be sent twice alone', async () => {
    let asked = 0;
    const busy = await serving(((
      request: import('node:http').IncomingMessage,
      response: import('node:http').ServerResponse,
    ) => {
      request.resume().once('end', () => {
        if (asked++ < 2)
          return response
            .writeHead(429, { 'retry-after': '0' })
            .end('{"error":{"code":"queue-full","message":"Come again."}}');
        response.end(JSON.stringify(RIGHT));
      });
    }) as never);
    expect(await busy.score(ct)).toEqual(RIGHT);
    expect(asked).toBe(3);
    asked = 0;
    await expect(busy.score(Readable.from([readFileSync(ct)]))).rejects.toMatchObject({ status: 429, retryAfter: 0 });
    expect(asked).toBe(1);
  });

  it('hears a refusal that comes before the scan was sent', async () => {
    const refusing = await serving(((_: unknown, response: import('node:http').ServerResponse) =>
      response.writeHead(413).end('{"error":{"code":"too-large","message":"Too large."}}')) as never);
    writeFileSync(at('large.nii'), Buffer.alloc(1 << 25));
    await expect(refusing.score(at('large.nii'))).rejects.toMatchObject({ status: 413, message: 'Too large.' });
  });
});
