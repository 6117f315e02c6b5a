import { toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterAll, describe, expect, it } from 'vitest';
import { closeInference, openSession } from '../../../src/network/inference/session.js';
import { cutAtTap } from '../../../src/network/onnx/cut.js';
import { type ModelProto, ModelProtoSchema } from '../../../src/network/onnx/gen/onnx_pb.js';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { floats, ints, node, onnxModel, value } from '../../support/onnx.js';

// cut.ts on graphs written by hand; on exported networks: cut.test.ts.

afterAll(closeInference);

async function run(model: Uint8Array, x: readonly number[]): Promise<Record<string, number[]>> {
  const session = await openSession(model);
  const results = await session.run({ x: { type: 'float32', dims: [x.length], data: Float32Array.from(x) } });
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  );
}

const serialised = (model: ModelProto) => toBinary(ModelProtoSchema, model);

const names = (model: Uint8Array) => {
  const { graph } = parseModel(model);
  return {
    inputs: graph.input.map((i) => i.name),
    nodes: graph.node.map((n) => n.output[0]),
    weights: [...graph.initializer.map((t) => t.name), ...graph.sparseInitializer.map((t) => t.values!.name)],
    values: graph.valueInfo.map((v) => v.name),
    quantized: graph.quantizationAnnotation.map((q) => q.tensorName),
  };
};

describe('a cut', () => {
  it('keeps weights behind Identity and Constant nodes, sparse ones, and only what is declared about them', async () => {
    const model = onnxModel({
      name: 'g',
      node: [
        node('Identity', ['shared'], 'alias'),
        node('Constant', [], 'two', { attribute: [{ name: 'value', type: 4, t: floats('', [1], [2]) }] }),
        node('Constant', [], 'unused', { attribute: [{ name: 'value', type: 4, t: floats('', [1], [9]) }] }),
        node('Mul', ['x', 'alias'], 'a'),
        node('Mul', ['a', 'two'], 'b'),
        node('Add', ['b', 'sparse'], 'tap'),
        node('Add', ['tap', 'late'], 'y'),
      ],
      initializer: [floats('shared', [1], [3]), floats('late', [1], [4])],
      sparseInitializer: [
        { values: floats('sparse', [1], [10]), indices: ints('sparse-at', [1], [1]), dims: [2n] },
        { values: floats('sparse-late', [1], [10]), indices: ints('late-at', [1], [1]), dims: [2n] },
      ],
      // Older files list their weights among the inputs.
      input: [value('x', [2]), value('shared', [1]), value('late', [1])],
      output: [value('y', [2])],
      valueInfo: [value('a', [2]), value('tap', [2]), value('y', [2])],
      quantizationAnnotation: [{ tensorName: 'b' }, { tensorName: 'y' }],
    });
    const cut = cutAtTap(model, 'tap');
    expect(names(cut)).toEqual({
      inputs: ['x', 'shared'],
      nodes: ['alias', 'two', 'a', 'b', 'tap'],
      weights: ['shared', 'sparse'],
      values: ['a'],
      quantized: ['b'],
    });
    expect(await run(cut, [1, 2])).toEqual({ tap: [6, 22] });
  });

  it('follows the bodies of If and the names that they read from outside', async () => {
    const branch = (name: string, weight: string) => ({
      name,
      node: [node('Mul', ['a', weight], `${name}-y`)],
      output: [value(`${name}-y`, [2])],
    });
    const model = onnxModel({
      name: 'g',
      node: [
        node('Add', ['x', 'one'], 'a'),
        node('ReduceSum', ['x'], 'sum', { attribute: [{ name: 'keepdims', type: 2, i: 0n }] }),
        node('Greater', ['sum', 'zero'], 'positive'),
        node('If', ['positive'], 'tap', {
          attribute: [
            { name: 'then_branch', type: 5, g: branch('then', 'ten') },
            { name: 'else_branch', type: 5, g: branch('else', 'hundred') },
          ],
        }),
        node('Mul', ['tap', 'late'], 'y'),
      ],
      initializer: [
        floats('one', [1], [1]),
        floats('zero', [], [0]),
        floats('ten', [1], [10]),
        floats('hundred', [1], [100]),
        floats('late', [1], [7]),
      ],
      input: [value('x', [2])],
      output: [value('y', [2])],
    });
    const cut = cutAtTap(model, 'tap');
    expect(names(cut).weights).toEqual(['one', 'zero', 'ten', 'hundred']);
    expect(await run(cut, [1, 2])).toEqual({ tap: [20, 30] });
    expect(await run(cut, [-3, 2])).toEqual({ tap: [-200, 300] });
  });

  it('follows a chain of functions as long as the file', () => {
    const chain = Array.from({ length: 20_000 }, (_, i) => ({
      name: `f${i}`,
      domain: 'local',
      input: ['x'],
      output: ['y'],
      node: [node(i === 19_999 ? 'Relu' : `f${i + 1}`, ['x'], 'y', i === 19_999 ? {} : { domain: 'local' })],
    }));
    const io = { name: 'g', input: [value('x', [2])], output: [value('y', [2])] };
    const model = onnxModel({ ...io, node: [node('f0', ['x'], 'y', { domain: 'local' })] }, { functions: chain });
    expect(parseModel(cutAtTap(model, 'y')).functions).toHaveLength(20_000);
  });

  it('keeps the functions that are called, through other functions too, and drops the others', async () => {
    const opset = [{ domain: '', version: 17n }];
    const call = [...opset, { domain: 'local', version: 1n }];
    const local = { domain: 'local' };
    const model = onnxModel(
      {
        name: 'g',
        node: [node('Twice', ['x'], 'tap', local), node('Thrice', ['tap'], 'y', local)],
        input: [value('x', [2])],
        output: [value('y', [2])],
      },
      {
        opsetImport: call,
        functions: [
          {
            name: 'Thrice',
            ...local,
            input: ['i'],
            output: ['o'],
            opsetImport: opset,
            node: [node('Sum', ['i', 'i', 'i'], 'o')],
          },
          {
            name: 'Twice',
            ...local,
            input: ['i'],
            output: ['o'],
            opsetImport: call,
            node: [node('Double', ['i'], 'o', local)],
          },
          {
            name: 'Double',
            ...local,
            input: ['i'],
            output: ['o'],
            opsetImport: opset,
            node: [node('Add', ['i', 'i'], 'o')],
          },
        ],
      },
    );
    const cut = cutAtTap(model, 'tap');
    expect(parseModel(cut).functions.map((f) => f.name)).toEqual(['Twice', 'Double']);
    expect(await run(cut, [1, -4])).toEqual({ tap: [2, -8] });
  });

  it('keeps fields that no version of ONNX has yet, in the model and in its nodes', () => {
    const plain = onnxModel({
      name: 'g',
      node: [node('Relu', ['x'], 'tap'), node('Neg', ['tap'], 'y')],
      input: [value('x', [2])],
      output: [value('y', [2])],
    });
    const model = parseModel(plain);
    const unknown = (text: string) => {
      const data = new BinaryWriter().string(text).finish();
      return [{ no: 999, wireType: WireType.LengthDelimited, data }];
    };
    model.$unknown = unknown('of the model');
    model.graph.node[0].$unknown = unknown('of the first node');
    model.graph.node[1].$unknown = unknown('of the second node');
    const marked = new TextDecoder('latin1').decode(cutAtTap(serialised(model), 'tap'));
    expect(marked).toContain('of the model');
    expect(marked).toContain('of the first node');
    expect(marked).not.toContain('of the second node');
  });

  it('refuses a tensor that does not depend on the input', () => {
    const model = onnxModel({
      name: 'g',
      node: [node('Neg', ['w'], 'constant'), node('Add', ['x', 'constant'], 'y')],
      initializer: [floats('w', [1], [1])],
      input: [value('x', [2])],
      output: [value('y', [2])],
    });
    expect(() => cutAtTap(model, 'constant', 'm.onnx')).toThrow(
      /^m\.onnx: the tensor "constant" does not depend on the input/,
    );
  });
});
