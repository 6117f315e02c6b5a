import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { failureIn, stow } from '../../src/client/stow.js';
import { relatedParts } from '../../src/protocol/multipart-related.js';
import { temporaryFolder } from '../support/folder.js';
import { httpPeer } from '../support/http-peer.js';
import { rangesIn } from '../support/ranges.js';

const FILES = [
  ['a', Buffer.from('first')],
  ['b', Buffer.alloc(700_000, 7)],
] as const;
const files = async () => rangesIn(await temporaryFolder(), FILES);

async function all(bytes: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return pieces;
}

/** Answers as PS3.18, table I.1-1 and section F.2.2 have them. */
const sequence = (...reasons: number[]) => ({
  vr: 'SQ',
  ...(reasons.length > 0 && {
    Value: reasons.map((reason) => ({ '00081197': { vr: 'US', Value: [reason] } })),
  }),
});
const answerOf = (value: Readonly<Record<string, unknown>>) => JSON.stringify(value);

describe('stow', () => {
  it('sends the files as parts, with their length, a token and further headers', async () => {
    const seen: Buffer[] = [];
    let asked: IncomingMessage | null = null;
    const url = await httpPeer(async (request, response) => {
      asked = request;
      const parts = relatedParts(request.headers['content-type'] ?? '', request, { name: 'it', broken: 'usage' });
      for await (const { type, bytes } of parts) {
        expect(type.essence).toBe('application/dicom');
        seen.push(Buffer.concat(await all(bytes)));
      }
      response.end(answerOf({ '00081199': sequence(0, 0) }));
    });
    await stow(`${url}/`, await files(), { token: 'a token of sixteen', headers: { 'x-site': 'north' } });
    expect(seen).toEqual(FILES.map(([, bytes]) => bytes));
    expect(asked).toMatchObject({
      method: 'POST',
      url: '/dicom-web/studies',
      headers: {
        authorization: 'Bearer a token of sixteen',
        accept: 'application/dicom+json',
        'x-site': 'north',
        'content-length': expect.stringMatching(/^7\d{5}$/),
      },
    });
  });

  it('sends the credentials of an address as basic ones, and shows neither them nor a query', async () => {
    let authorization: string | undefined;
    const url = await httpPeer((request, response) => {
      ({ authorization } = request.headers);
      request.resume().on('end', () => response.writeHead(401).end());
    });
    const secret = url.replace('://', '://keeper:ye%20llow@');
    const error = await stow(`${secret}?key=hidden`, await files()).catch((thrown: unknown) => thrown);
    expect(authorization).toBe(`Basic ${Buffer.from('keeper:ye llow').toString('base64')}`);
    expect(error).toMatchObject({ code: 'peer-failed', status: 401, subject: `${url}/studies` });
    expect(String(error)).not.toMatch(/keeper|llow|hidden/);
  });

  it.each([
    [409, answerOf({ '00081198': sequence(0x0122, 0x0122) }), /stored 0 of 2 .* objects of this kind: 0x0122/],
    [202, answerOf({ '00081199': sequence(0), '00081198': sequence(0xa901) }), /stored 1 of 2 .* 0xA901/],
    [409, '', /did not store all of the 2 objects \(status 409\)/],
    [500, 'PatientName^Secret', /status 500/],
    [503, '', /busy \(status 503\)/],
    [413, '', /no body of this size/],
  ])('tells of a %i that says %s', async (status, text, said) => {
    const url = await httpPeer((request, response) => {
      request.resume().on('end', () => response.writeHead(status).end(text));
    });
    const error = await stow(url, await files()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'peer-failed', status, message: expect.stringMatching(said) });
    expect(String(error)).not.toContain('Secret');
  });

  it.each([
    ['<!DOCTYPE html>\n<title>Log in</title>', /a page for a browser/],
    ['<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', /a page for a browser/],
  ])('takes a page that a proxy answers with for no success: %s', async (page, said) => {
    const url = await httpPeer((request, response) => {
      request.resume().on('end', () => response.end(page));
    });
    await expect(stow(url, await files())).rejects.toMatchObject({
      code: 'peer-failed',
      status: 200,
      message: expect.stringMatching(said),
    });
  });

  it('sends nothing on to another address', async () => {
    let came = 0;
    const other = await httpPeer((request, response) => {
      came++;
      request.resume().on('end', () => response.end('{}'));
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await httpPeer((request, response) => {
        request.resume();
        response.writeHead(status, { location: `${other}/studies?key=hidden` }).end();
      });
      await expect(stow(url, await files(), { token: 'a token of sixteen' })).rejects.toMatchObject({
        code: 'peer-failed',
        message: expect.stringMatching(new RegExp(`sends on to ${other}/studies,`)),
      });
    }
    expect(came).toBe(0);
  });

  it('hears a refusal that comes before the body is read', async () => {
    const url = await httpPeer((_request, response) => {
      response.writeHead(413).end();
    });
    const large = rangesIn(await temporaryFolder(), [['large', Buffer.alloc(30_000_000)]]);
    await expect(stow(url, large)).rejects.toMatchObject({ code: 'peer-failed' });
  });

  it('waits no longer than it is told, and stops when it is told', async () => {
    const url = await httpPeer((request) => request.resume());
    await expect(stow(url, await files(), { stall: 0.2 })).rejects.toMatchObject({ code: 'timed-out' });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 100);
    await expect(stow(url, await files(), { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect(stow(url, await files(), { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('says that nothing answers, that the connection broke, that a file is not there, and what is no address', async () => {
    await expect(stow('http://127.0.0.1:9/dicom-web', await files())).rejects.toMatchObject({
      code: 'peer-failed',
      status: null,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    const url = await httpPeer((request) => request.socket.destroy());
    await expect(stow(url, await files())).rejects.toMatchObject({ code: 'peer-failed', status: null });
    const reading = await httpPeer((request) => request.resume());
    const [first] = await files();
    await expect(stow(reading, [{ ...first, path: '/nowhere' }])).rejects.toMatchObject({ code: 'io' });
    for (const wrong of ['archive', 'ftp://archive/dicom-web', ''])
      await expect(stow(wrong, await files())).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('failureIn', () => {
  it.each([
    ['', 200],
    ['<NativeDicomModel/>', 200],
    [answerOf({ '00081199': sequence(0, 0), '00081198': { vr: 'SQ' } }), 200],
    [answerOf({}), 202],
    [`[${answerOf({ '00081199': sequence(0, 0) })}]`, 200],
  ])('finds none in %s', (text, status) => {
    expect(failureIn(text, 2, status)).toBeNull();
  });

  it.each([
    ['', 202, /did not store all/],
    [answerOf({ '00081199': sequence(0) }), 200, /stored 1 of 2 objects, and says nothing of the others/],
    [answerOf({ '00081198': { vr: 'SQ', Value: [{}] } }), 200, /without a reason/],
    [answerOf({ '0008119A': sequence(0xc123) }), 200, /does not understand them: 0xC123/],
    [answerOf({ '00081198': sequence(1, 2, 3, 4, 1, 1) }), 200, /stored 0 of 2 .*0x0001.*0x0002.*0x0003\)/],
  ])('finds one in %s with %i', (text, status, said) => {
    expect(failureIn(text, 2, status)).toMatch(said);
  });
});
