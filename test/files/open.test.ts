import { execFileSync } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { openFile, patiently, readWhole, refuseUnlessFile } from '../../src/files/open.js';
import { temporaryFolder } from '../support/folder.js';

let folder = '';
beforeEach(async () => {
  folder = await temporaryFolder();
});

let pipes = 0;
function namedPipe(): string {
  const path = join(folder, `pipe-${pipes++}`);
  execFileSync('mkfifo', [path]);
  return path;
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Writes pieces to a pipe, some time between them. */
async function writer(path: string, pieces: readonly string[], pause = 5): Promise<void> {
  const file = await open(path, 'w');
  for (const piece of pieces) {
    await file.write(piece);
    await wait(pause);
  }
  await file.close();
}

describe('a named pipe', () => {
  it('is opened at once, and waited for no longer than is allowed', async () => {
    const path = namedPipe();
    const pipe = await openFile(path);
    await expect(all(patiently(pipe, 'slow.nii', { stall: 0.05 }))).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringMatching(/^slow\.nii: no byte came for 0\.05 s/),
    });
    expect(pipe.destroyed).toBe(true);
  });

  it('is given up where nobody wants it any more', async () => {
    const controller = new AbortController();
    const reading = readWhole(namedPipe(), { signal: controller.signal });
    await wait(20);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    await expect(readWhole(namedPipe(), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' });
  });

  it('gives what a writer sends, before, after and slower than it is read', async () => {
    const path = namedPipe();
    const early = writer(path, ['a', 'bc', 'def']);
    expect(await all(await openFile(path))).toBe('abcdef');
    await early;
    const late = namedPipe();
    const pipe = await openFile(late);
    const writing = wait(30).then(() => writer(late, ['ghi', 'j'], 20));
    expect(await all(pipe)).toBe('ghij');
    await writing;
    const [long, much] = [namedPipe(), 'x'.repeat(300_000)];
    const sending = writer(long, [much, much]);
    const slowly: string[] = [];
    for await (const piece of await openFile(long)) {
      slowly.push(String(piece));
      await wait(1);
    }
    expect(slowly.join('')).toBe(much + much);
    await sending;
  });

  it('has ended when its writer has gone, without a byte too', async () => {
    const path = namedPipe();
    const pipe = await openFile(path);
    const writing = writer(path, []);
    expect(await all(pipe)).toBe('');
    await writing;
  });

  it('whose writer stops in the middle is waited for no longer than is allowed', async () => {
    const path = namedPipe();
    const pipe = await openFile(path);
    const file = await open(path, 'r+');
    await file.write('half');
    const read: string[] = [];
    const reading = async () => {
      for await (const piece of patiently(pipe, 'half.nii', { stall: 0.1 })) read.push(String(piece));
    };
    await expect(reading()).rejects.toMatchObject({ code: 'timed-out' });
    expect(read).toEqual(['half']);
    await file.close();
  });

  it('is read whole as a file is, of which it is told where it makes no sense', async () => {
    const path = namedPipe();
    const writing = writer(path, ['{"a":', '1}']);
    expect((await readWhole(path)).toString()).toBe('{"a":1}');
    await writing;
    await expect(refuseUnlessFile(path)).rejects.toMatchObject({
      code: 'io',
      message: `cannot read ${path}: it is a pipe; give a file.`,
    });
  });
});

describe('what is neither file nor pipe', () => {
  const device = 'it is a device, and neither file nor pipe; give a file, or send its bytes through a pipe.';

  it.each(['/dev/zero', '/dev/null', '/dev/tty'])('is refused: %s', async (path) => {
    const refusal = { code: 'io', message: `cannot read ${path}: ${device}` };
    await expect(openFile(path)).rejects.toMatchObject(refusal);
    await expect(readWhole(path)).rejects.toMatchObject(refusal);
    await expect(refuseUnlessFile(path)).rejects.toMatchObject(refusal);
  });

  it('is refused: a socket, a folder, nothing', async () => {
    const path = join(folder, 'socket');
    const server = createServer().listen(path);
    await expect(openFile(path)).rejects.toMatchObject({
      message: expect.stringMatching(/it is a socket, and neither/),
    });
    server.close();
    await expect(openFile(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/it is a folder, give a file/),
    });
    const missing = join(folder, 'missing');
    for (const read of [openFile, readWhole])
      await expect(read(missing)).rejects.toMatchObject({
        code: 'io',
        message: `cannot read ${missing}: there is no such file or folder.`,
      });
    // Who asks for a file says himself what it means that there is none.
    await refuseUnlessFile(missing);
  });
});

describe('patiently', () => {
  it('gives all bytes of a file, and does not count the time that the reader takes', async () => {
    const path = join(folder, 'file');
    await writeFile(path, 'abc'.repeat(200_000));
    expect(await all(patiently(await openFile(path), 'file', {}))).toBe('abc'.repeat(200_000));
    const pieces = Readable.from([Buffer.from('a'), Buffer.from('b')]);
    const taken: string[] = [];
    for await (const piece of patiently(pieces, 'file', { stall: 0.05 })) {
      taken.push(String(piece));
      await wait(80);
    }
    expect(taken).toEqual(['a', 'b']);
  });

  it('destroys a stream that its reader leaves', async () => {
    const source = Readable.from([Buffer.from('a'), Buffer.from('b')]);
    for await (const piece of patiently(source, 'file', {})) {
      expect(String(piece)).toBe('a');
      break;
    }
    expect(source.destroyed).toBe(true);
  });

  it('waits longer than a timer can', async () => {
    const source = new Readable({ read() {} });
    setTimeout(() => source.push('late'), 30);
    setTimeout(() => source.push(null), 40);
    expect(await all(patiently(source, 'file', { stall: 3_000_000 }))).toBe('late');
  });
});
