import { afterAll, describe, expect, it } from 'vitest';
import { rememberingConstants } from '../../src/network/constant-patches.js';
import { type Encoder, openEncoder } from '../../src/network/encoder.js';
import { closeInference } from '../../src/network/inference/session.js';
import { cutAtTap } from '../../src/network/onnx/cut.js';
import { expectedModels, modelFile, oracleInput } from '../support/models.js';

afterAll(closeInference);

const shape = [1, 8, 16, 16];
const constant = (value: number) => new Float32Array(8 * 16 * 16).fill(value);

async function counted(): Promise<{ encoder: Encoder; runs: () => number }> {
  const name = 'plain-17-dynamic';
  const tap = expectedModels.find((m) => m.name === name)!.taps.find((t) => t.role === 'bottleneck')!.names[0];
  const inner = await openEncoder(cutAtTap(modelFile(name), tap));
  let runs = 0;
  const counting: Encoder = {
    ...inner,
    encode(data, dims) {
      runs++;
      return inner.encode(data, dims);
    },
  };
  return { encoder: counting, runs: () => runs };
}

describe('an encoder that remembers constants', () => {
  it('gives the very bytes that the encoder gives, to each caller its own', async () => {
    const { encoder, runs } = await counted();
    const remembering = rememberingConstants(encoder);
    for (const value of [-1.5, 0, -0, 2.25]) {
      const expected = await encoder.encode(constant(value), shape);
      const before = runs();
      const [first, second] = await Promise.all([
        remembering.encode(constant(value), shape),
        remembering.encode(constant(value), shape),
      ]);
      expect(runs()).toBe(before + 1);
      expect(first).toEqual(expected);
      first!.data.fill(9);
      expect(second).toEqual(expected);
      expect(await remembering.encode(constant(value), shape)).toEqual(expected);
      expect(runs()).toBe(before + 1);
    }
  });

  it('encodes every other patch, one voxel from constant and all', async () => {
    const { encoder, runs } = await counted();
    const remembering = rememberingConstants(encoder);
    const nearly = () => constant(1).fill(2, -1);
    const expected = await encoder.encode(nearly(), shape);
    for (let i = 0; i < 3; i++) expect(await remembering.encode(nearly(), shape)).toEqual(expected);
    await remembering.encode(oracleInput(shape), shape);
    expect(runs()).toBe(5);
  });

  it('forgets the value that was not seen longest, and what failed', async () => {
    const { encoder, runs } = await counted();
    const remembering = rememberingConstants(encoder);
    for (let value = 0; value < 8; value++) await remembering.encode(constant(value), shape);
    await remembering.encode(constant(0), shape);
    await remembering.encode(constant(8), shape);
    expect(runs()).toBe(9);
    await remembering.encode(constant(0), shape);
    expect(runs()).toBe(9);
    await remembering.encode(constant(1), shape);
    expect(runs()).toBe(10);
    const wrong = [2, 4, 16, 16];
    for (let i = 0; i < 2; i++)
      await expect(remembering.encode(constant(3), wrong)).rejects.toMatchObject({ code: 'scan-unsuitable' });
    expect(runs()).toBe(12);
  });
});
