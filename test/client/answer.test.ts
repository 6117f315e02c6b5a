import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SegcanaryClient } from '../../src/client/client.js';
import { encodeEvent } from '../../src/protocol/events.js';
import { RIGHT_DETECTOR, RIGHT_RECORD, RIGHT_SCORE } from '../support/answers.js';
import { jsonLines, segcanary } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';
import { LyingServer, MIXED, mixed } from '../support/lying-server.js';
import { writeScan } from '../support/scans.js';

let server: LyingServer;
let client: SegcanaryClient;
/** What the server says to a scan, and how it calls it. */
let said: string | Buffer = '';
let type = 'application/json';
let status = 200;
beforeAll(async () => {
  server = await LyingServer.start(({ method, url }, response) => {
    const list = method === 'GET' && url === '/v1/detectors';
    response.writeHead(status, { 'content-type': list ? 'application/json' : type });
    response.end(list ? JSON.stringify([RIGHT_DETECTOR]) : said);
  });
  client = new SegcanaryClient({ url: server.url });
});
beforeEach(() => {
  type = 'application/json';
  status = 200;
});
afterAll(() => server.close());
const scan = Buffer.from('whatever: nobody looks');

describe('answers that cannot be right', () => {
  it.each<[string, unknown]>([
    ['nothing in it', {}],
    ['no verdict', { ...RIGHT_SCORE, verdict: undefined }],
    ['a word', 'banana'],
    ['a score far beyond its boundary, in distribution', { ...RIGHT_SCORE, score: 9e9 }],
    ['another case', { ...RIGHT_SCORE, case: '../../pwned' }],
    ['a record', RIGHT_RECORD],
  ])('%s: refused, and the server is named', async (_, answer) => {
    said = JSON.stringify(answer);
    await expect(client.score(scan)).rejects.toMatchObject({
      name: 'ServerError',
      status: 200,
      code: 'answer-invalid',
      message: expect.stringMatching(`^${server.url}: its answer is wrong \\(.*\\), and nothing of it is used`),
    });
  });

  it('takes what is right, under any content type, and holds it against the detector that was listed', async () => {
    type = 'text/html';
    said = JSON.stringify(RIGHT_SCORE);
    expect(await client.score(scan)).toEqual(RIGHT_SCORE);
    const [judge] = await client.detectors();
    expect(await client.score(scan, { judge })).toEqual(RIGHT_SCORE);
    said = JSON.stringify({ ...RIGHT_SCORE, boundary: 9e99 });
    expect(await client.score(scan)).toMatchObject({ boundary: 9e99 });
    await expect(client.score(scan, { judge })).rejects.toMatchObject({ code: 'answer-invalid' });
  });

  it('refuses records, lists, drift and events of something else', async () => {
    said = JSON.stringify(RIGHT_RECORD);
    expect(await client.scan(RIGHT_RECORD.id)).toEqual(RIGHT_RECORD);
    await expect(client.scan('another')).rejects.toMatchObject({ code: 'answer-invalid' });
    const notDue = { code: 'answer-invalid', message: expect.stringMatching(/its status is 20\d, and 20\d was due/) };
    await expect(client.scoreLater(scan)).rejects.toMatchObject(notDue);
    status = 202;
    expect(await client.scoreLater(scan)).toEqual(RIGHT_RECORD);
    await expect(client.scoreLater(scan, { case: 'mine' })).rejects.toMatchObject({ code: 'answer-invalid' });
    await expect(client.scan(RIGHT_RECORD.id)).rejects.toMatchObject(notDue);
    status = 200;
    await expect(client.scans()).rejects.toMatchObject({ code: 'answer-invalid' });
    await expect(client.drift('chest')).rejects.toMatchObject({ code: 'answer-invalid' });
    const told = async (text: string) => {
      said = text;
      const events = [];
      for await (const { event } of client.watch(RIGHT_RECORD.id)) events.push(event);
      return events;
    };
    const progress = encodeEvent('progress', { patches: 1, total: 2 });
    expect(await told(`${progress}${encodeEvent('done', RIGHT_RECORD)}data: x\n\n`)).toEqual(['progress', 'done']);
    await expect(told(progress)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(told(encodeEvent('done', { ...RIGHT_RECORD, id: 'another' }))).rejects.toMatchObject({
      code: 'answer-invalid',
    });
    await expect(told('event: done\ndata: {"id"\n\n')).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('does not read an answer without an end', async () => {
    const endless = await LyingServer.start(async (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const piece = Buffer.alloc(2 ** 20, ' ');
      while (!response.destroyed && response.write(piece)) await new Promise(setImmediate);
      response.on('drain', () => response.write(piece));
    });
    try {
      await expect(new SegcanaryClient({ url: endless.url }).detectors()).rejects.toMatchObject({
        code: 'answer-invalid',
        message: expect.stringContaining('it has no end'),
      });
    } finally {
      endless.close();
    }
  });
});

describe('images of an answer', () => {
  const packed = gzipSync('an image');
  const result = JSON.stringify(RIGHT_SCORE);

  it('are all there, or there is no file', async () => {
    const folder = await temporaryFolder();
    const mask = join(folder, 'mask.nii.gz');
    type = MIXED;
    for (const [body, what] of [
      [mixed([['result', result]]), 'it has no part uncertainty'],
      [mixed([['uncertainty', packed]]), 'it has no part result'],
      [
        mixed([
          ['uncertainty', packed],
          ['uncertainty', packed],
          ['result', result],
        ]),
        'one too many',
      ],
      [
        mixed([
          ['uncertainty', packed],
          ['other', packed],
          ['result', result],
        ]),
        'a part "other"',
      ],
      [
        mixed([
          ['uncertainty', packed.subarray(0, 20)],
          ['result', result],
        ]),
        'no whole gzip',
      ],
      [
        mixed([
          ['uncertainty', 'no gzip at all'],
          ['result', result],
        ]),
        'no whole gzip',
      ],
      [
        mixed([
          ['uncertainty', packed],
          ['result', '{}'],
        ]),
        'case: ',
      ],
      [
        mixed([
          ['uncertainty', packed],
          ['result', result.replace('"score":4', '"score":9')],
        ]),
        'verdict: ',
      ],
    ] as const) {
      said = body;
      for (const to of [mask, join(folder, 'mask.nii')])
        await expect(client.score(scan, { mask: to }), what).rejects.toMatchObject({
          code: 'answer-invalid',
          message: expect.stringContaining(what),
        });
      expect(readdirSync(folder)).toEqual([]);
    }
    said = mixed([
      ['uncertainty', packed],
      ['result', result],
    ]);
    expect(await client.score(scan, { mask })).toEqual(RIGHT_SCORE);
    expect(readFileSync(mask)).toEqual(packed);
    // What the server failed with is told, not that the image ended early.
    const failure = { error: { code: 'truncated', message: 'scan: it ends.' } };
    said = mixed([
      ['uncertainty', packed.subarray(0, 9)],
      ['result', JSON.stringify(failure)],
    ]);
    await expect(client.score(scan, { mask })).rejects.toMatchObject({ code: 'truncated' });
  });
});

describe('segcanary score --server', () => {
  it('writes nothing outside its folder, and never ends with 0 for an answer that is wrong', async () => {
    const folder = await temporaryFolder();
    const output = join(folder, 'deep', 'scores');
    mkdirSync(output, { recursive: true });
    const file = await writeScan({ path: join(folder, 'x.nii'), shape: [4, 8, 8], seed: 1 });
    const ask = (answer: unknown) => {
      said = mixed([
        ['uncertainty', gzipSync('x')],
        ['result', JSON.stringify(answer)],
      ]);
      type = MIXED;
      return segcanary(['score', '--server', server.url, '-i', file, '-o', output, '--fail-on-ood']);
    };
    for (const answer of [{}, { ...RIGHT_SCORE, case: '../../pwned' }, { ...RIGHT_SCORE, case: 'x', score: 9e9 }]) {
      const ran = await ask(answer);
      expect(ran.code).toBe(1);
      expect(jsonLines(ran)).toMatchObject([{ case: 'x', error: { code: 'answer-invalid' } }]);
      expect(ran.stderr).toContain(server.url);
      expect(readdirSync(folder).sort()).toEqual(['deep', 'x.nii']);
      expect(readdirSync(output)).not.toContain('x_uncertainty.nii.gz');
    }
    const right = await ask({ ...RIGHT_SCORE, case: 'x' });
    expect([right.code, right.stderr]).toEqual([0, '']);
    expect(readdirSync(output).sort()).toEqual(['scores.csv', 'summary.json', 'x.json', 'x_uncertainty.nii.gz']);
  });
});
