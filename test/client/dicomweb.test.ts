import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { DicomWeb } from '../../src/client/dicomweb.js';
import { httpPeer } from '../support/http-peer.js';

const STUDY = '1.2.840.1';
const OF = { study: STUDY, series: '1.2.840.1.3' };

/** One data set of DICOM JSON (PS3.18, section F.2). */
const dataset = (values: Readonly<Record<string, readonly unknown[]>>) =>
  Object.fromEntries(Object.entries(values).map(([tag, Value]) => [tag, { vr: 'UN', Value }]));
const json =
  (value: unknown): RequestListener =>
  (_, response) =>
    void response.writeHead(200, { 'content-type': 'application/dicom+json' }).end(JSON.stringify(value));

/** A multipart/related answer. */
const parts = (bodies: readonly string[], type = 'application/dicom', end = '--'): RequestListener => {
  const text = bodies.map((body) => `\r\n--b\r\nContent-Type: ${type}\r\n\r\n${body}`).join('');
  return (_, response) =>
    void response
      .writeHead(200, { 'content-type': 'multipart/related; type="application/dicom"; boundary=b' })
      .end(`${text}\r\n--b${end}`);
};

async function retrieved(web: DicomWeb, of: Parameters<DicomWeb['retrieve']>[0] = OF): Promise<string[]> {
  const found: string[] = [];
  const count = await web.retrieve(of, async (bytes) => {
    let text = '';
    for await (const piece of bytes) text += Buffer.from(piece).toString('latin1');
    found.push(text);
  });
  expect(count).toBe(found.length);
  return found;
}

describe('DicomWeb', () => {
  it('lists the series of a study', async () => {
    let asked: IncomingMessage | null = null;
    const url = await httpPeer((request, response) => {
      asked = request;
      json([
        dataset({
          '0020000E': ['1.2.3'],
          '00200011': [4],
          '00080060': ['CT'],
          '0008103E': ['Thorax '],
          '00201209': [30],
        }),
        // Some send numbers as text, and leave out what they do not know.
        { ...dataset({ '0020000E': ['1.2.4'], '00200011': ['5'] }), '0008103E': { vr: 'LO' } },
        dataset({ '00200011': [6] }),
      ])(request, response);
    });
    const found = await new DicomWeb({ url, token: 'a token of sixteen' }).series(STUDY);
    expect(found).toEqual([
      { series: '1.2.3', number: 4, modality: 'CT', description: 'Thorax', instances: 30 },
      { series: '1.2.4', number: 5, modality: null, description: null, instances: null },
    ]);
    expect(asked).toMatchObject({
      method: 'GET',
      url: `/dicom-web/studies/${STUDY}/series?includefield=0008103E&includefield=00201209`,
      headers: { accept: 'application/dicom+json', authorization: 'Bearer a token of sixteen' },
    });
  });

  it('asks for the next page while there is one (PS3.18, section 10.6.3.1.1)', async () => {
    const asked: (string | null)[] = [];
    const url = await httpPeer((request, response) => {
      const at = new URL(request.url!, 'http://x').searchParams.get('offset');
      asked.push(at);
      const from = Number(at ?? 0);
      if (from < 4) response.setHeader('warning', '299 archive "There are 2 additional results"');
      json([from, from + 1].map((i) => dataset({ '00080018': [`1.${i}`], '00080016': ['1.9'] })))(request, response);
    });
    const of = (i: number) => ({ instance: `1.${i}`, sopClass: '1.9' });
    expect(await new DicomWeb({ url }).instances(OF)).toEqual([0, 1, 2, 3, 4, 5].map(of));
    expect(asked).toEqual([null, '2', '4']);
    expect(await new DicomWeb({ url }).instances(OF, 1)).toEqual([of(0)]);
  });

  it('takes no content, and an empty body, for nothing found', async () => {
    const url = await httpPeer((_, response) => void response.writeHead(204).end());
    expect(await new DicomWeb({ url }).series(STUDY)).toEqual([]);
    const other = await httpPeer((_, response) => void response.end());
    expect(await new DicomWeb({ url: other }).series(STUDY)).toEqual([]);
  });

  it('fetches objects one after another, as they are kept', async () => {
    const asked: IncomingMessage[] = [];
    const url = await httpPeer((request, response) => {
      asked.push(request);
      parts(['first', '', 'third\r\n--'])(request, response);
    });
    const web = new DicomWeb({ url: `${url}/?key=1` });
    expect(await retrieved(web)).toEqual(['first', '', 'third\r\n--']);
    await retrieved(web, { ...OF, instance: '1.9' });
    expect(asked.map((request) => request.url)).toEqual([
      `/dicom-web/studies/${STUDY}/series/${OF.series}?key=1`,
      `/dicom-web/studies/${STUDY}/series/${OF.series}/instances/1.9?key=1`,
    ]);
    expect(asked[0].headers.accept).toBe('multipart/related; type="application/dicom"; transfer-syntax=*');
  });

  it.each<[string, RequestListener, string, RegExp]>([
    ['an answer that is cut', parts(['first'], 'application/dicom', ''), 'truncated', /ended before its last boundary/],
    ['parts of another kind', parts(['<html>'], 'text/html'), 'peer-failed', /no DICOM files/],
    ['no parts', json([]), 'peer-failed', /no boundary/],
    ['a part of what was asked for', (_, response) => void response.writeHead(206).end(), 'peer-failed', /status 206/],
    ['a refusal', (_, response) => void response.writeHead(403).end(), 'peer-failed', /does not allow this/],
    [
      'a connection that breaks',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'multipart/related; boundary=b' });
        response.write('--b\r\n\r\nfirst', () => response.destroy());
      },
      'peer-failed',
      /broke its answer off/,
    ],
  ])('refuses %s', async (_, answer, code, said) => {
    const url = await httpPeer(answer);
    await expect(retrieved(new DicomWeb({ url }))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(said),
      subject: `${url}/studies/…/series/…`,
    });
  });

  it('refuses what is no DICOM JSON, and what has no end', async () => {
    for (const text of ['<html>', '{"a":1}', '[1]', '[{"0020000E":{"Value":7}}]']) {
      const url = await httpPeer((_, response) => void response.end(text));
      await expect(new DicomWeb({ url }).series(STUDY), text).rejects.toMatchObject({
        code: 'peer-failed',
        message: expect.stringContaining('something else than DICOM JSON'),
      });
    }
    const url = await httpPeer((_, response) => {
      const piece = Buffer.alloc(1 << 20, 0x20);
      const more = () => void response.write(piece, (error) => error || setImmediate(more));
      more();
    });
    await expect(new DicomWeb({ url }).series(STUDY)).rejects.toMatchObject({
      code: 'peer-failed',
      message: expect.stringMatching(/more than \d+ bytes/),
    });
  });

  it('follows a redirect of the same origin, and no other, with its token', async () => {
    const seen: (string | undefined)[] = [];
    const other = await httpPeer((request, response) => {
      seen.push('other');
      json([])(request, response);
    });
    const url = await httpPeer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, 'http://x');
      seen.push(request.headers.authorization);
      if (pathname.startsWith('/dicom-web/studies/1.1/'))
        response.writeHead(307, { location: `/new${pathname}?${searchParams}` }).end();
      else if (pathname.startsWith('/new')) json([dataset({ '0020000E': ['1.2.3'] })])(request, response);
      else if (pathname.startsWith('/dicom-web/studies/1.2/'))
        response.writeHead(302, { location: request.url! }).end();
      else response.writeHead(302, { location: `${other}/secret?key=hidden` }).end();
    });
    const web = new DicomWeb({ url, token: 'a token of sixteen' });
    expect(await web.series('1.1')).toMatchObject([{ series: '1.2.3' }]);
    expect(seen).toEqual(['Bearer a token of sixteen', 'Bearer a token of sixteen']);
    await expect(web.series('1.2')).rejects.toMatchObject({ code: 'peer-failed' });
    expect(seen).toHaveLength(8);
    const error = await web.series('1.3').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'peer-failed', message: expect.stringContaining(`${other}/secret`) });
    expect(String(error)).not.toContain('hidden');
    expect(seen).not.toContain('other');
  });

  it('refuses what is no UID, so that none leads elsewhere, and what is no address', async () => {
    let came = 0;
    const url = await httpPeer((request, response) => {
      came++;
      json([])(request, response);
    });
    const web = new DicomWeb({ url });
    for (const wrong of ['..', '.', '1.2/../../secret', '1.2?x', '', ' 1.2', '1'.repeat(65), 'a'])
      await expect(web.series(wrong), wrong).rejects.toMatchObject({ code: 'usage' });
    await expect(web.retrieve({ ...OF, series: '..' }, async () => {})).rejects.toMatchObject({ code: 'usage' });
    expect(came).toBe(0);
    expect(() => new DicomWeb({ url: 'archive' })).toThrow(/address of the archive/);
  });

  it('lets go of the answer when its taker fails, and when it is stopped', async () => {
    let closed = 0;
    const url = await httpPeer((_, response) => {
      response.on('close', () => closed++);
      response.writeHead(200, { 'content-type': 'multipart/related; boundary=b' });
      response.write('--b\r\n\r\nfirst');
    });
    const full = new Error('the disk is full');
    const failing = new DicomWeb({ url }).retrieve(OF, async (bytes) => {
      for await (const _ of bytes) throw full;
    });
    await expect(failing).rejects.toBe(full);
    const controller = new AbortController();
    const stopped = retrieved(new DicomWeb({ url, signal: controller.signal }));
    setTimeout(() => controller.abort(), 100);
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    await expect(retrieved(new DicomWeb({ url, stall: 0.2 }))).rejects.toMatchObject({ code: 'timed-out' });
    await expect.poll(() => closed).toBe(3);
  });
});
