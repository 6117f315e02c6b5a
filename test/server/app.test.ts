import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openSegmentationModel } from '../../src/network/folder.js';
import { MODEL, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';
import { partsOf, TestServer } from '../support/server.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');

const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
const at = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let ct: Buffer;
let mr: Buffer;
beforeAll(async () => {
  ct = readFileSync(await writeScan({ path: at('ct_0000.nii.gz'), seed: 300 }));
  mr = readFileSync(await writeScan({ path: at('mr_0000.nii.gz'), seed: 301, modality: 'mr' }));
});

/** A body that begins and then says nothing. */
const stalling = (bytes: Uint8Array) =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
    },
  });
const error = async (response: Response) => [
  response.status,
  ((await response.json()) as { error: { code: string } }).error.code,
];

describe('the server', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.here({
      detectors: [`chest=${detector}`],
      model: await openSegmentationModel(MODEL, {}),
      data: at('data'),
      keepFlagged: true,
      limits: { stall: 1, bytes: 100_000_000 },
    });
  });
  afterAll(() => server.stop());

  it('answers what the command line prints, to the last byte, packed or not', async () => {
    const local = await segcanary(['score', '-d', detector, '-i', at('ct_0000.nii.gz')]);
    const packed = await server.post('case=ct', ct);
    expect([packed.status, await packed.text()]).toEqual([200, local.stdout.toString()]);
    const plain = execFileSync('gzip', ['-dc'], { input: ct });
    const unpacked = await server.post('case=ct', plain, { 'content-type': 'application/octet-stream' });
    expect(await unpacked.text()).toBe(local.stdout.toString());
    const form = new FormData();
    form.append('file', new Blob([ct]), 'whatever.nii.gz');
    const sent = await server.fetch('/v1/scans?case=ct', { method: 'POST', body: form });
    expect(await sent.text()).toBe(local.stdout.toString());
    const explained = await server.post('case=ct&explain=1', ct);
    const asked = await segcanary(['score', '--explain', '-d', detector, '-i', at('ct_0000.nii.gz')]);
    expect(await explained.json()).toEqual(JSON.parse(asked.stdout.toString()));
  });

  it('streams map and segmentation in front of the result, the same bytes as the files', async () => {
    await segcanary(['segment', '-q', '-m', MODEL, '-d', detector, '-i', at('mr_0000.nii.gz'), '-o', at('mr-out')]);
    const response = await server.post('case=mr&mask=1&segment=1&site=North', mr);
    expect(response.status).toBe(200);
    const parts = partsOf(response.headers.get('content-type')!, Buffer.from(await response.arrayBuffer()));
    expect([...parts.keys()]).toEqual(['uncertainty', 'segmentation', 'result']);
    expect(parts.get('uncertainty')!.equals(readFileSync(at('mr-out', 'mr_uncertainty.nii.gz')))).toBe(true);
    expect(parts.get('segmentation')!.equals(readFileSync(at('mr-out', 'mr.nii.gz')))).toBe(true);
    const result = JSON.parse(parts.get('result')!.toString());
    expect(result).toMatchObject({ case: 'mr', verdict: 'out-of-distribution' });
    // It is flagged, so it was kept.
    const id = response.headers.get('location')!;
    expect(await server.json(id)).toMatchObject({
      status: 'done',
      site: 'North',
      kept: ['image', 'uncertainty', 'segmentation'],
      result,
    });
    for (const [name, bytes] of [
      ['image', mr],
      ['uncertainty', parts.get('uncertainty')],
      ['segmentation', parts.get('segmentation')],
    ] as const)
      expect(Buffer.from(await (await server.fetch(`${id}/${name}`)).arrayBuffer()).equals(bytes!)).toBe(true);
  });

  it('scores later for those who will not wait, and tells how far it is', async () => {
    const response = await server.post('case=later&site=North', mr, { prefer: 'respond-async' });
    expect([response.status, response.headers.get('preference-applied')]).toEqual([202, 'respond-async']);
    const accepted = (await response.json()) as { id: string; status: string };
    const events = await (await server.fetch(`/v1/scans/${accepted.id}/events`)).text();
    expect(events).toMatch(/^: watching\n\nevent: (progress|done)\n/);
    const last = JSON.parse(events.trim().split('\n').at(-1)!.slice('data: '.length));
    expect(last).toMatchObject({ id: accepted.id, status: 'done', result: { verdict: 'out-of-distribution' } });
    expect(last.explanation.patches.length).toBeGreaterThan(0);
    expect(await server.json(`/v1/scans/${accepted.id}`)).toEqual(last);
    const again = await (await server.fetch(`/v1/scans/${accepted.id}/events`)).text();
    expect(again).toMatch(/^: watching\n\nevent: done\n/);
    const { scans } = await server.json('/v1/scans?site=North&limit=1');
    expect(scans).toEqual([last]);
    expect((await server.fetch(`/v1/scans/${accepted.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await server.fetch(`/v1/scans/${accepted.id}`)).status).toBe(404);
    expect(readdirSync(at('data', 'images'))).not.toContain(accepted.id);
  });

  it('knows its detectors, their drift, and how it is', async () => {
    const [first] = await server.json('/v1/detectors');
    expect(first).toMatchObject({
      name: 'chest',
      default: true,
      kind: 'features',
      segments: true,
      calibration: { n: 5 },
    });
    const drift = await server.json('/v1/detectors/chest/drift?site=North');
    // The series keeps the score of the scan that was removed.
    expect(drift).toMatchObject({ n: 2, site: 'North', sites: ['North'], alarm: false, level: 0.01 });
    expect(drift.points.map(({ p }: { p: number }) => p > 0 && p < 1)).toEqual([true, true]);
    expect(await server.json('/healthz')).toEqual({ status: 'ok' });
    expect(await server.json('/readyz')).toEqual({ status: 'ok' });
    const metrics = await (await server.fetch('/metrics')).text();
    expect(metrics).toMatch(/segcanary_verdicts_total\{detector="chest",verdict="out-of-distribution"\} [2-9]\n/);
    expect(metrics).toMatch(/segcanary_drift_log10\{detector="chest",site="North"\} [\d.]+\n/);
    expect((await server.fetch('/docs/')).status).toBe(200);
    const { paths } = await server.json('/openapi.json');
    expect(Object.keys(paths)).toContain('/v1/scans/{id}/events');
  });

  it('says in one sentence what is wrong with a scan, under the right status', async () => {
    const nan = Buffer.from(execFileSync('gzip', ['-dc'], { input: ct }));
    const bomb = gzipSync(Buffer.alloc(90_000_000));
    const cases: readonly (readonly [string, RequestInit['body'], number, string])[] = [
      ['', 'hello', 422, 'nifti-invalid'],
      ['', ct.subarray(0, 3000), 422, 'truncated'],
      ['', Buffer.concat([ct.subarray(0, ct.length - 8), Buffer.alloc(8, 1)]), 422, 'gzip-corrupt'],
      ['volume=3', ct, 400, 'usage'],
      ['volume=x', ct, 400, 'usage'],
      ['case=a%2Fb', ct, 400, 'usage'],
      ['detector=head', ct, 404, 'not-found'],
      ['', nan.subarray(0, 348 + 4), 422, 'truncated'],
      ['', bomb, 422, 'nifti-invalid'],
      ['', Buffer.alloc(0), 422, 'truncated'],
    ];
    for (const [query, body, status, code] of cases)
      expect([query, ...(await error(await server.post(query, body)))]).toEqual([query, status, code]);
    const text = await server.fetch('/v1/scans', {
      method: 'POST',
      body: 'a=b',
      headers: { 'content-type': 'text/plain' },
    });
    expect(await error(text)).toEqual([415, 'unsupported-media-type']);
    const twice = new FormData();
    for (const name of ['a', 'b']) twice.append(name, new Blob([ct]), name);
    expect(await error(await server.fetch('/v1/scans', { method: 'POST', body: twice }))).toEqual([
      422,
      'scan-unsuitable',
    ]);
    expect(await error(await server.fetch('/nowhere'))).toEqual([404, 'not-found']);
    const put = await server.fetch('/v1/scans/some-id', { method: 'PUT' });
    expect(put.headers.get('allow')).toBe('DELETE, GET, HEAD');
    expect(await error(put)).toEqual([405, 'method-not-allowed']);
    expect(await error(await server.fetch('/v1/scans/%zz'))).toEqual([400, 'usage']);
    expect(await error(await server.fetch(`/v1/scans/${'x'.repeat(300)}`))).toEqual([400, 'usage']);
    expect(await error(await server.fetch('/v1/scans/..%2F..%2Fetc%2Fpasswd'))).toEqual([404, 'not-found']);
    const large = await server.fetch('/v1/scans', {
      method: 'POST',
      headers: { 'content-type': 'application/gzip' },
      body: Buffer.alloc(100_000_001),
    });
    expect(await error(large)).toEqual([413, 'too-large']);
    expect(await error(await server.post('', stalling(ct.subarray(0, 3000))))).toEqual([408, 'timed-out']);
    expect(await error(await server.post('', stalling(ct.subarray(0, 3000)), { prefer: 'respond-async' }))).toEqual([
      408,
      'timed-out',
    ]);
    // Nothing is left of any, and the server goes on.
    expect(readdirSync(at('data', 'uploads'))).toEqual([]);
    expect((await server.post('', ct)).status).toBe(200);
  }, 60_000);

  it('tells who asks before it sends to go on when there is a place, and not before', async () => {
    const { hostname, port } = new URL(server.url);
    const asking = (query: string) => {
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST /v1/scans?${query} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/gzip\r\nContent-Length: ${ct.length}\r\nExpect: 100-continue\r\n\r\n`,
      );
      return socket;
    };
    const refused = asking('detector=nobody');
    expect(String((await once(refused, 'data'))[0])).toMatch(/^HTTP\/1.1 404 /);
    refused.destroy();
    const taken = asking('case=asked');
    expect(String((await once(taken, 'data'))[0])).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    taken.write(ct);
    expect(String((await once(taken, 'data'))[0])).toMatch(/^HTTP\/1.1 200 /);
    taken.destroy();
  });

  it.runIf(process.platform === 'linux')('holds no file of a scan that failed', async () => {
    const open = () =>
      readdirSync('/proc/self/fd').filter((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`).includes(at('data', 'uploads'));
        } catch {
          return false;
        }
      });
    for (let i = 0; i < 3; i++) expect((await server.post('', ct.subarray(0, 20_000))).status).toBe(422);
    await expect.poll(open, { timeout: 10_000 }).toEqual([]);
  });

  it('leaves a connection alone whose refused scan came to its end after all', async () => {
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    let answers = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      answers += text;
    });
    const until = async (count: number) => {
      while (answers.split('HTTP/1.1 ').length <= count) await wait(20);
    };
    const body = Buffer.alloc(300_000, 'no scan');
    socket.write(
      `POST /v1/scans HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    socket.write(body.subarray(0, 1000));
    await until(1);
    expect(answers).toMatch(/^HTTP\/1.1 422 /);
    socket.write(body.subarray(1000));
    for (let second = 0; second < 12; second++) {
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await until(second + 2);
      await wait(1000);
    }
    expect(answers.match(/HTTP\/1.1 200 /g)).toHaveLength(12);
    socket.destroy();
  }, 30_000);

  it('answers no page of another origin, and no other name', async () => {
    const foreign = await server.fetch('/v1/scans', { headers: { origin: 'https://evil.example' } });
    expect(await error(foreign)).toEqual([403, 'forbidden']);
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /v1/scans HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n');
    let text = '';
    for await (const bytes of socket) text += bytes;
    expect(text).toMatch(/^HTTP\/1.1 403 /);
  });

  it('scores a scan in its own time beside senders that are slow, and ends those that are too slow', async () => {
    const { hostname, port } = new URL(server.url);
    const began = performance.now();
    const slow = [0, 1, 2].map((i) => {
      const socket = connect(Number(port), hostname).on('error', () => {});
      const answered = once(socket, 'data') as Promise<[Buffer]>;
      socket.write(
        `POST /v1/scans?case=drip-${i} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/gzip\r\nContent-Length: ${ct.length}\r\n\r\n`,
      );
      let at = 0;
      const drip = setInterval(() => socket.write(ct.subarray(at, ++at)), 100);
      return { socket, answered: answered.finally(() => clearInterval(drip)) };
    });
    await wait(200);
    const { scans } = await server.json('/v1/scans?limit=3');
    expect(scans.map(({ status }: { status: string }) => status)).toEqual(['queued', 'queued', 'queued']);
    expect((await server.post('case=fast', ct)).status).toBe(200);
    // A byte comes every tenth of a second: no stall, and too little.
    for (const { socket, answered } of slow) {
      const text = String((await answered)[0]);
      expect(text).toMatch(/^HTTP\/1.1 408 /);
      expect(text).toMatch(/came at \d+(\.\d+)? bytes a second, and 4096 are the fewest/);
      socket.destroy();
    }
    expect((performance.now() - began) / 1000).toBeLessThan(30);
    expect(readdirSync(at('data', 'uploads'))).toEqual([]);
    const [{ status, error: why }] = (await server.json('/v1/scans?limit=5')).scans.filter(
      (scan: { case: string }) => scan.case === 'drip-0',
    );
    expect([status, why.code]).toEqual(['failed', 'timed-out']);
  }, 60_000);

  it('keeps a name out of the head that it would change', async () => {
    const name = encodeURIComponent('a"; name="result" é');
    const response = await server.post(`case=${name}&mask=1`, mr);
    const body = Buffer.from(await response.arrayBuffer());
    const [head] = /Content-Disposition: [^\r]*/.exec(body.subarray(0, 1000).toString('latin1')) ?? [];
    expect(head).toBe(
      `Content-Disposition: attachment; name="uncertainty"; filename="a__ name__result_ __uncertainty.nii.gz"; filename*=UTF-8''a%22%3B%20name%3D%22result%22%20%C3%A9_uncertainty.nii.gz`,
    );
    expect([...partsOf(response.headers.get('content-type')!, body).keys()]).toEqual(['uncertainty', 'result']);
    const image = await server.fetch(`${response.headers.get('location')}/image`);
    expect(image.headers.get('content-disposition')).toBe(
      `attachment; filename="a__ name__result_ __0000.nii.gz"; filename*=UTF-8''a%22%3B%20name%3D%22result%22%20%C3%A9_0000.nii.gz`,
    );
    await image.arrayBuffer();
  });

  it('frees the place of a client that hangs up', async () => {
    const controller = new AbortController();
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.write(
      `POST /v1/scans?case=gone HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/gzip\r\nContent-Length: ${ct.length}\r\n\r\n`,
    );
    socket.write(ct.subarray(0, 2000));
    await wait(300);
    expect((await server.json('/v1/scans?limit=1')).scans).toMatchObject([{ case: 'gone', status: 'queued' }]);
    socket.destroy();
    controller.abort();
    await wait(300);
    expect((await server.json('/v1/scans?limit=1')).scans).toMatchObject([
      { case: 'gone', status: 'failed', error: { code: 'aborted' } },
    ]);
    expect((await server.post('', ct)).status).toBe(200);
  });
});

describe('segcanary serve, with little room', () => {
  it('refuses what it has no place for, and finishes what it took before it stops', async () => {
    const server = await TestServer.start(['-d', detector, '--queue', '1', '--limits', 'stall=30']);
    const { hostname, port } = new URL(server.url);
    // Two that are being sent, slowly, have the two places.
    const slow = ['slow', 'slower'].map((name) => {
      const socket = connect(Number(port), hostname);
      const answered = once(socket, 'data') as Promise<[Buffer]>;
      socket.write(
        `POST /v1/scans?case=${name} HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/gzip\r\nContent-Length: ${ct.length}\r\n\r\n`,
      );
      socket.write(ct.subarray(0, 2000));
      return { socket, answered };
    });
    await expect.poll(async () => (await server.json('/v1/scans')).scans.length, { timeout: 10_000 }).toBe(2);
    const full = await server.post('case=full', ct);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await error(full)).toEqual([429, 'queue-full']);
    const stopped = server.stop('SIGTERM');
    await wait(300);
    expect(await error(await server.post('case=late', ct))).toEqual([503, 'draining']);
    expect((await server.fetch('/readyz')).status).toBe(503);
    for (const { socket } of slow) socket.write(ct.subarray(2000));
    for (const { socket, answered } of slow) {
      expect(String((await answered)[0])).toMatch(/^HTTP\/1.1 200 OK\r\n/);
      socket.destroy();
    }
    expect(await stopped).toBe(0);
    expect(server.stderr).not.toMatch(/Error|at .*\.js/);
  });

  it('loses nothing that it answered when it is killed, and says what it did not finish', async () => {
    const args = ['-d', detector, '--data', at('killed')];
    const first = await TestServer.start(args);
    const answered: string[] = [];
    for (let i = 0; i < 3; i++) answered.push((await first.post(`case=a${i}`, ct)).headers.get('location')!);
    const { hostname, port } = new URL(first.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write(
      `POST /v1/scans?case=open HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/gzip\r\nContent-Length: 99999\r\n\r\n`,
    );
    await wait(300);
    await first.stop('SIGKILL');
    const second = await TestServer.start(args);
    expect(second.stderr).toMatch(/1 scans were left unfinished/);
    const { scans } = await second.json('/v1/scans');
    expect(scans.map((s: { case: string; status: string }) => `${s.case} ${s.status}`)).toEqual([
      'open interrupted',
      'a2 done',
      'a1 done',
      'a0 done',
    ]);
    expect(scans.slice(1).map((s: { id: string }) => `/v1/scans/${s.id}`)).toEqual(answered.reverse());
    expect((await second.json('/v1/detectors/detector/drift')).n).toBe(3);
    expect(await second.stop()).toBe(0);
  });

  it('answers those who have the token, and listens to others only with one', async () => {
    const env = { SEGCANARY_TOKEN: 'correct-horse-battery-staple' };
    const server = await TestServer.start(['-d', detector], env);
    expect(await error(await server.post('', ct))).toEqual([401, 'unauthorized']);
    expect(await error(await server.post('', ct, { authorization: 'Bearer correct-horse-battery-stapler' }))).toEqual([
      401,
      'unauthorized',
    ]);
    expect((await server.fetch('/metrics')).status).toBe(401);
    expect((await server.fetch('/healthz')).status).toBe(200);
    expect((await server.post('', ct, { authorization: `Bearer ${env.SEGCANARY_TOKEN}` })).status).toBe(200);
    await server.stop('SIGKILL');
    for (const [args, sentence] of [
      [['--host', '0.0.0.0'], /Without a token the server listens on this machine alone/],
      [['--token-file', at('ct_0000.nii.gz')], /a token has 16 to 512 printable characters/],
      [['-d', detector, detector], /Two detectors would be named detector/],
      [['--port', '70000'], /ports end at 65535/],
    ] as const) {
      const ran = await segcanary(['serve', '-d', detector, '--port', '0', ...args]);
      expect(ran.stderr.trim()).toMatch(sentence);
      expect(ran.stderr.trim().split('\n').length).toBe(1);
      expect([1, 2]).toContain(ran.code);
    }
    writeFileSync(at('token'), `${'x'.repeat(20)}\n`);
    const other = await TestServer.start(['-d', detector, '--token-file', at('token')]);
    expect((await other.fetch('/metrics', { headers: { authorization: `bearer ${'x'.repeat(20)}` } })).status).toBe(
      200,
    );
    expect(await other.stop('SIGINT')).toBe(0);
  });
});
