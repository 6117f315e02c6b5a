import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { CodecThread } from '../../../../src/formats/dicom/pixels/codec-thread.js';
import { closeCodecs, decodeFrame } from '../../../../src/formats/dicom/pixels/decode.js';
import { openFrames } from '../../../../src/formats/dicom/pixels/fragments.js';
import { transferSyntaxOf } from '../../../../src/formats/dicom/pixels/transfer-syntax.js';
import { valuesOf } from '../../../../src/formats/dicom/pixels/values.js';
import { DEFAULT_LIMITS } from '../../../../src/limits.js';
import { expectedOf, FIXTURES, headerOf, rangeOf, sha256Of } from '../../../support/dicom-pixels.js';

afterAll(closeCodecs);

/** Address of a built module. */
const built = (name: string) => new URL(`../../../../dist/formats/dicom/${name}.js`, import.meta.url).href;

const fixtures = expectedOf('pixels.json');

async function frameOf(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const { pixels } = fixtures[name];
  const file = await openFrames(headerOf(rangeOf(join(FIXTURES, 'pixels', name)), pixels), pixels, DEFAULT_LIMITS);
  return await file.frame(0);
}

/** SHA-256 of the values of a frame. */
async function decoded(name: string, bytes: Uint8Array<ArrayBuffer>, seconds = 60): Promise<string> {
  const { pixels, ...rescale } = fixtures[name];
  const syntax = transferSyntaxOf(pixels.transferSyntax, name);
  return sha256Of(valuesOf(await decodeFrame(bytes.slice(), pixels, syntax, { seconds, name }), pixels, rescale));
}

/** The same with the codestream's middle overwritten. */
function damaged(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const out = bytes.slice();
  out.fill(0xff, out.length / 2, out.length / 2 + 100);
  return out;
}

describe('a damaged frame', () => {
  it.each(['jpegls80-u12.dcm', 'j2k90-u12.dcm', 'htj2k201-u12.dcm', 'jpeg70-u12.dcm'])(
    '%s leaves the next ones what they are, of whatever syntax',
    async (name) => {
      const good = await frameOf(name);
      const [other] = ['jpegls80-s16.dcm', 'j2k90-s16.dcm'].filter((file) => file !== name);
      const bad = await Promise.allSettled([decoded(name, damaged(good)), decoded(other, await frameOf(other))]);
      if (name.startsWith('jpegls')) expect(bad[0].status).toBe('rejected');
      if (bad[0].status === 'rejected')
        expect(bad[0].reason).toMatchObject({
          code: 'dicom-invalid',
          message: expect.stringMatching(
            /^\S+: its packed pixels are damaged: the decoder says ".+"; copy the file again\.$/,
          ),
        });
      expect(bad[1]).toEqual({ status: 'fulfilled', value: fixtures[other].sha256[0] });
      expect(await decoded(name, good)).toBe(fixtures[name].sha256[0]);
    },
  );

  const packed = Object.keys(fixtures).filter((name) => /^(jpeg|j2k|htj2k)/.test(name) && !name.includes('sign'));

  it.each(packed)('%s that is cut in half, or anywhere, is refused', async (name) => {
    const whole = await frameOf(name);
    for (let cut = 1; cut <= 20; cut++) {
      const part = whole.slice(0, Math.floor((cut * (whole.length - 9)) / 20));
      await expect(decoded(name, part), `${part.length} of ${whole.length}`).rejects.toMatchObject({
        code: expect.stringMatching(/^(truncated|dicom-invalid)$/),
      });
    }
    await expect(decoded(name, whole.slice(0, whole.length / 2))).rejects.toThrow(
      /its packed pixels, \d+ bytes, have no end marker; the file is incomplete/,
    );
  });

  it('that claims another size than the header is not given to the codec', async () => {
    const { pixels } = fixtures['j2k90-u12.dcm'];
    const syntax = transferSyntaxOf(pixels.transferSyntax, '');
    const read = async (differs: object) =>
      decodeFrame(await frameOf('j2k90-u12.dcm'), { ...pixels, ...differs }, syntax, { seconds: 60, name: 'a.dcm' });
    await expect(read({ rows: 41 })).rejects.toThrow(/they say 40 x 61 with 1 components, and the header 41 x 61/);
    await expect(read({ bitsAllocated: 8 })).rejects.toThrow(/samples have 12 bits, and the header allocates 8/);
    const other = transferSyntaxOf('1.2.840.10008.1.2.4.70', '');
    const bytes = await frameOf('j2k90-u12.dcm');
    await expect(decodeFrame(bytes, pixels, other, { seconds: 60, name: 'a.dcm' })).rejects.toThrow(
      /do not begin as those of its transfer syntax do/,
    );
  });
});

describe('the thread of the codecs', () => {
  const request = async () => {
    const { rows, columns, bitsAllocated, bitsStored, isSigned } = fixtures['j2k90-u12.dcm'].pixels;
    const bytes = await frameOf('j2k90-u12.dcm');
    return { bytes, packing: 'jpeg-2000' as const, rows, columns, bitsAllocated, bitsStored, isSigned };
  };

  it('is stopped where a frame takes too long, and the next begins another', async () => {
    const thread = new CodecThread();
    const late = thread.decode(await request(), { seconds: 1e-6, file: 'a.dcm' });
    const next = thread.decode(await request(), { seconds: 60, file: 'b.dcm' });
    await expect(late).rejects.toMatchObject({ code: 'timed-out', option: 'limits.stall', subject: 'a.dcm' });
    expect((await next).samples).toHaveLength(2 * 40 * 61);
    await thread.close();
  });

  // What a codec leaves behind when it throws makes it throw at good frames later: one in forty.
  it('is kept for good frames, and replaced behind one that the codec refuses', async () => {
    const thread = new CodecThread();
    const good = await request();
    const ask = (bytes: Uint8Array<ArrayBuffer>) => thread.decode({ ...good, bytes }, { seconds: 60, file: 'a.dcm' });
    expect(thread.threadId).toBeNull();
    await ask(good.bytes.slice());
    const first = thread.threadId;
    await ask(good.bytes.slice());
    expect(thread.threadId).toBe(first);
    // COD says no layers.
    const bad = good.bytes.slice();
    bad.fill(0, 43, 60);
    await expect(ask(bad)).rejects.toMatchObject({ code: 'dicom-invalid', subject: 'a.dcm' });
    expect(thread.threadId).toBeNull();
    await ask(good.bytes.slice());
    expect(thread.threadId).not.toBe(first);
    await thread.close();
  });

  it('keeps no process from ending, and prints nothing', async () => {
    const script = `
      import { FrameReader } from ${JSON.stringify(built('frame-reader'))};
      import { readDicomHeader } from ${JSON.stringify(built('header'))};
      import { statSync } from 'node:fs';
      const path = process.argv[1];
      const header = await readDicomHeader({ name: 'a.dcm', path, start: 0, length: statSync(path).size });
      const reader = new FrameReader();
      await reader.read({ header, frame: header.frames[0], position: [0, 0, 0] }, 0);
      await reader.close();`;
    const path = join(FIXTURES, 'pixels', 'jpegls80-u12.dcm');
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, path], { timeout: 50_000 });
    expect(await run).toEqual({ stdout: '', stderr: '' });
  });

  it('begins anew after it was closed', async () => {
    const thread = new CodecThread();
    for (let i = 0; i < 2; i++) {
      expect((await thread.decode(await request(), { seconds: 60, file: 'a.dcm' })).bitsAllocated).toBe(16);
      await thread.close();
    }
  });
});
