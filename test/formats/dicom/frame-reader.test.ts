import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/formats/dicom/frame-reader.js';
import { closeCodecs } from '../../../src/formats/dicom/pixels/decode.js';
import { type Expected, expectedOf, FIXTURES, headerOf, rangeOf, sha256Of } from '../../support/dicom-pixels.js';

afterAll(closeCodecs);

async function framesOf(name: string, { pixels, slope, intercept }: Expected): Promise<Float32Array[]> {
  const header = headerOf(rangeOf(join(FIXTURES, 'pixels', name), name), pixels, { slope, intercept });
  const reader = new FrameReader();
  try {
    const frames: Float32Array[] = [];
    for (const frame of header.frames) frames.push(await reader.read({ header, frame, position: [0, 0, 0] }, 0));
    return frames;
  } finally {
    await reader.close();
  }
}

describe('pixels as pydicom reads them', () => {
  const fixtures = Object.entries(expectedOf('pixels.json'));

  it.each(fixtures.filter(([, { values }]) => values === undefined))('%s', async (name, expected) => {
    expect((await framesOf(name, expected)).map(sha256Of)).toEqual(expected.sha256);
  });

  // Decoders of what is lossy round differently: by one at most.
  it.each(fixtures.filter(([, { values }]) => values !== undefined))('%s, within one', async (name, expected) => {
    const [found] = await framesOf(name, expected);
    const { buffer, byteOffset, length } = Buffer.from(expected.values!, 'base64');
    const stored = expected.pixels.isSigned
      ? new Int16Array(buffer, byteOffset, length / 2)
      : new Uint16Array(buffer, byteOffset, length / 2);
    expect(Math.max(...found.map((value, i) => Math.abs(value + 1024 - stored[i])))).toBeLessThanOrEqual(1);
  });
});
