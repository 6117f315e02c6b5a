import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { peekFile, peekStream } from '../../src/files/peek.js';
import { temporaryFolder } from '../support/folder.js';

const waiting = { name: 'stdin', stall: 60 };

async function all(bytes: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('the first bytes of a stream', () => {
  it.each([
    ['in one piece', ['abcdefghij']],
    ['byte by byte', [...'abcdefghij']],
    ['in fewer than are asked for', ['ab']],
    ['in none', []],
  ])('are told, and still given: %s', async (_, pieces) => {
    const stream = Readable.from(pieces.map((text) => Buffer.from(text)));
    const { head, bytes } = await peekStream(stream, 4, waiting);
    const text = pieces.join('');
    expect(text.startsWith(Buffer.from(head).toString())).toBe(true);
    expect(head.length).toBeGreaterThanOrEqual(Math.min(4, text.length));
    expect(await all(bytes)).toBe(text);
  });

  it('are waited for no longer than is allowed', async () => {
    const stream = new PassThrough();
    stream.write('ab');
    await expect(peekStream(stream, 4, { ...waiting, stall: 0.05 })).rejects.toMatchObject({ code: 'timed-out' });
    expect(stream.destroyed).toBe(true);
  });

  it('are not waited for by who was stopped', async () => {
    const controller = new AbortController();
    const stream = new PassThrough();
    const peeking = peekStream(stream, 4, { ...waiting, signal: controller.signal });
    controller.abort();
    await expect(peeking).rejects.toMatchObject({ code: 'aborted' });
    expect(stream.destroyed).toBe(true);
  });

  it('end with the stream: destroying what gives all bytes destroys it, while it waits too', async () => {
    const stream = new PassThrough();
    stream.write('abcd');
    const { bytes } = await peekStream(stream, 4, waiting);
    bytes.on('data', () => {});
    await new Promise((resolve) => setTimeout(resolve, 20));
    bytes.destroy();
    expect(stream.destroyed).toBe(true);
  });

  it('are followed by the error of the stream', async () => {
    const stream = new PassThrough();
    stream.write('abcd');
    const { bytes } = await peekStream(stream, 4, waiting);
    stream.destroy(new Error('lost'));
    await expect(all(bytes)).rejects.toThrow('lost');
  });
});

describe('the first bytes of a file', () => {
  it('are those that there are; none of a folder, a pipe or what is not there', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a');
    writeFileSync(path, 'abc');
    expect(Buffer.from((await peekFile(path, 2)) ?? []).toString()).toBe('ab');
    expect(Buffer.from((await peekFile(path, 9)) ?? []).toString()).toBe('abc');
    expect(await peekFile(folder, 2)).toBeNull();
    expect(await peekFile(join(folder, 'b'), 2)).toBeNull();
  });
});
