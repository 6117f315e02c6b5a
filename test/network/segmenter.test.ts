import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, describe, expect, it } from 'vitest';
import { mirror } from '../../src/maths/window/mirror.js';
import { closeInference, openSession } from '../../src/network/inference/session.js';
import { ModelProtoSchema, StringStringEntryProtoSchema } from '../../src/network/onnx/gen/onnx_pb.js';
import { mirrorAxesOf } from '../../src/network/onnx/metadata.js';
import { parseModel } from '../../src/network/onnx/parse.js';
import { openSegmenter } from '../../src/network/segmenter.js';
import { deviation } from '../support/close.js';
import { expectedModels, modelFile, oracleInput } from '../support/models.js';

afterAll(closeInference);

const shape = [1, 8, 16, 16] as const;
const spatial = [8, 16, 16] as const;
const plain = { name: 'plain', onnx: modelFile('plain-17-fixed') };
const residual = { name: 'residual', onnx: modelFile('resenc-17') };

/** A tensor in the middle of it, and what PyTorch computes there. */
const tap = expectedModels
  .find(({ name }) => name === 'plain-17-fixed')!
  .taps.find(({ role }) => role === 'bottleneck')!;
const tapName = tap.names[0];

/** What the whole network says, run by itself. */
async function logitsOf({ onnx }: { onnx: Uint8Array }, data: Float32Array): Promise<Float32Array> {
  const session = await openSession(onnx);
  const { [session.outputs[0].name]: out } = await session.run({
    [session.inputs[0].name]: { type: 'float32', dims: [1, ...shape], data: data.slice() },
  });
  return out!.data as Float32Array;
}

const mean = (volumes: readonly Float32Array[]) =>
  volumes[0].map((_, i) => volumes.reduce((sum, v) => sum + v[i], 0) / volumes.length);

describe('the segmenter', () => {
  it('gives the logits of the network and, from the same pass, what the encoder alone gives at the tap', async () => {
    const segmenter = await openSegmenter([{ ...plain, tap: tapName }], 2);
    const { logits, activation } = await segmenter.predict(oracleInput(shape), [...shape]);
    expect(logits.shape).toEqual([2, 8, 16, 16]);
    expect(deviation(logits.data, await logitsOf(plain, oracleInput(shape)))).toBeLessThan(1e-6);
    expect(activation!.shape).toEqual(tap.shape);
    expect(
      deviation(
        tap.positions.map((p) => activation!.data[p]),
        tap.torch,
      ),
    ).toBeLessThan(1e-5);
  });

  it('averages probabilities where a nonlinearity is asked for', async () => {
    const data = oracleInput(shape);
    const [first, second] = [await logitsOf(plain, data), await logitsOf(residual, data)];
    const n = first.length / 2;
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
    // The softmax of two classes is the sigmoid of their difference.
    const softmax = (l: Float32Array) => l.map((v, i) => (i < n ? sigmoid(v - l[i + n]) : sigmoid(v - l[i - n])));
    for (const [nonlinearity, of] of [
      ['softmax', softmax],
      ['sigmoid', (l: Float32Array) => l.map(sigmoid)],
    ] as const) {
      const segmenter = await openSegmenter([plain, residual], 2, { nonlinearity });
      const { logits } = await segmenter.predict(data.slice(), [...shape]);
      expect(deviation(logits.data, mean([of(first), of(second)]))).toBeLessThan(1e-5);
    }
  });

  it('averages the logits of folds and of mirrored passes, and taps the plain pass', async () => {
    const data = oracleInput(shape);
    const segmenter = await openSegmenter([plain, residual], 2, { mirrorAxes: [0, 2] });
    const { logits, activation } = await segmenter.predict(data.slice(), [...shape]);
    const passes: Float32Array[] = [];
    for (const model of [plain, residual]) {
      for (const axes of [[], [0], [2], [0, 2]])
        passes.push(mirror(await logitsOf(model, mirror(data, spatial, axes)), spatial, axes));
    }
    expect(deviation(logits.data, mean(passes))).toBeLessThan(1e-5);
    expect(activation).toBeNull();

    const alone = await (await openSegmenter([{ ...plain, tap: tapName }], 2)).predict(data.slice(), [...shape]);
    const many = await (await openSegmenter([residual, { ...plain, tap: tapName }], 2, { mirrorAxes: [1] })).predict(
      data,
      [...shape],
    );
    expect(many.activation).toEqual(alone.activation);
  });

  it('refuses a network of other labels, and a tap that is not there', async () => {
    await expect(openSegmenter([plain], 5)).rejects.toMatchObject({
      code: 'model-unsupported',
      message: 'plain: gives 2 values a voxel and dataset.json has 5 labels; the two are not of the same model.',
    });
    await expect(openSegmenter([{ ...plain, tap: 'nowhere' }], 2)).rejects.toMatchObject({ code: 'tap-not-found' });
  });
});

it('takes the axes that may be mirrored from the metadata of the export', () => {
  const parsed = parseModel(plain.onnx);
  const saying = (value: string) => {
    const entry = create(StringStringEntryProtoSchema, { key: 'inference_allowed_mirroring_axes', value });
    return toBinary(ModelProtoSchema, { ...parsed, metadataProps: [entry] });
  };
  expect(mirrorAxesOf(saying('[0, 1, 2]'), 'x')).toEqual([0, 1, 2]);
  expect(mirrorAxesOf(saying('[1]'), 'x')).toEqual([1]);
  // A trainer without mirroring.
  expect(mirrorAxesOf(saying('null'), 'x')).toEqual([]);
  for (const bytes of [plain.onnx, saying('[3]'), saying('[0, 0]'), saying('all')]) {
    expect(() => mirrorAxesOf(bytes, 'm.onnx')).toThrow(
      'm.onnx: does not say which axes may be mirrored; export it with scripts/export_nnunet.py, or leave `mirror` out.',
    );
  }
});
