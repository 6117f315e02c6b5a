import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ndarray from 'ndarray';
import { afterAll, describe, expect, it } from 'vitest';
import type { Activation, Patch } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { type Encoder, openEncoder } from '../../src/network/encoder.js';
import { closeInference } from '../../src/network/inference/session.js';
import { cutAtTap } from '../../src/network/onnx/cut.js';
import { encode } from '../../src/stages/encode.js';
import { gridOf, scanOf } from '../support/grids.js';
import { expectedModels, modelFile, oracleInput } from '../support/models.js';
import { collect } from '../support/streams.js';

afterAll(closeInference);

const shape = [1, 8, 16, 16];

const grid = gridOf(scanOf([8, 16, 16], 'case_7'));

const tiling = layTiles([8, 16, 16], [8, 16, 16], 0.5);

/** Patches that are told apart by their scale. */
function* patches(count: number, patchShape = shape): Generator<Patch> {
  for (let index = 0; index < count; index++) {
    const data = oracleInput(patchShape).map((v) => v * (1 + index));
    yield { grid, tiling, index, tile: [0, 0, index], data: ndarray(data, [...patchShape]) };
  }
}

const real = (): Promise<Encoder> => {
  const tap = expectedModels.find((m) => m.name === 'plain-17-dynamic')!.taps.find((t) => t.role === 'bottleneck')!;
  return openEncoder(cutAtTap(modelFile('plain-17-dynamic'), tap.names[0]));
};

describe('the encode stage', () => {
  it.each([1, 2, 5])('keeps the order and the place of patches, %i in flight', async (inFlight) => {
    const encoder = await real();
    const activations = await collect<Activation>(patches(7), encode({ encoder, inFlight }));
    expect(activations.map((a) => a.index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    for (const [index, patch] of [...patches(7)].entries()) {
      const alone = await encoder.encode(patch.data.data, shape);
      expect(activations[index]).toMatchObject({ grid, tiling, tile: [0, 0, index] });
      expect(activations[index].data.shape).toEqual(alone.shape);
      expect(activations[index].data.data).toEqual(alone.data);
    }
  });

  it('has two patches at the encoder, and never more', async () => {
    const inner = await real();
    let now = 0;
    const seen: number[] = [];
    const counting: Encoder = {
      ...inner,
      encode(data, of) {
        seen.push(++now);
        return inner.encode(data, of).finally(() => now--);
      },
    };
    await collect(patches(6), encode({ encoder: counting }));
    expect(seen.length).toBe(6);
    expect(seen.slice(0, 2)).toEqual([1, 2]);
    expect(Math.max(...seen)).toBe(2);
  });

  it('ends with the sentence of the first patch that fails, naming the scan', async () => {
    const encoder = await real();
    await expect(collect(patches(3, [2, 8, 16, 16]), encode({ encoder }))).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: expect.stringMatching(/^case_7: patch 0: the encoder: takes 1 channel\(s\), the scan has 2; /),
    });
  });

  it('lets go when it is aborted, although the run goes on', async () => {
    const inner = await real();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const runs: Promise<unknown>[] = [];
    const slow: Encoder = {
      ...inner,
      encode(data, of) {
        const run = held.then(() => inner.encode(data, of));
        runs.push(run);
        return run;
      },
    };
    const abort = new AbortController();
    const stopped = pipeline([Readable.from(patches(4)), encode({ encoder: slow })], { signal: abort.signal });
    setTimeout(() => abort.abort(), 20);
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    release();
    expect(await Promise.all(runs)).toHaveLength(2);
  });

  it('reads patches that are views of something larger', async () => {
    const encoder = await real();
    const [whole] = patches(1);
    const turned = ndarray(oracleInput(shape).reverse(), shape).step(-1, -1, -1, -1);
    const [expected, actual] = await collect<Activation>([whole, { ...whole, data: turned }], encode({ encoder }));
    expect(actual!.data.data).toEqual(expected!.data.data);
  });

  it('refuses to have none in flight', async () => {
    const encoder = await real();
    for (const inFlight of [0, 1.5, Number.NaN]) expect(() => encode({ encoder, inFlight })).toThrow(/at least 1/);
  });
});
