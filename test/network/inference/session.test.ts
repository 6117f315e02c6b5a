import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, it } from 'vitest';
import { mostThreads } from '../../../src/network/inference/options.js';
import { closeInference, openSession, type Tensor } from '../../../src/network/inference/session.js';
import { modelFile, oracleInput } from '../../support/models.js';
import { node, onnxModel, value } from '../../support/onnx.js';

afterAll(closeInference);

const product = onnxModel({
  name: 'product',
  node: [node('MatMul', ['a', 'b'], 'c')],
  input: [value('a', ['m', 'k'], 11), value('b', ['k', 'n'], 11)],
  output: [value('c', ['m', 'n'], 11)],
});
const matrix = (data: Float64Array, ...dims: number[]): Tensor => ({ type: 'float64', dims, data });

describe('the inference worker', () => {
  it.each([-1, 1.5, Number.NaN, mostThreads() + 1])('does not take %d threads', async (threads) => {
    await expect(openSession(product, { threads })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^The number of threads is .*; give a whole number up to \d+ /),
    });
  });

  it('says what a model takes and gives', async () => {
    const session = await openSession(product);
    expect(session.inputs).toEqual([
      { name: 'a', type: 'float64', dims: ['m', 'k'] },
      { name: 'b', type: 'float64', dims: ['k', 'n'] },
    ]);
    expect(session.outputs).toEqual([{ name: 'c', type: 'float64', dims: ['m', 'n'] }]);
  });

  it('multiplies matrices, transferring whole buffers and copying parts of one', async () => {
    const session = await openSession(product);
    const a = Float64Array.of(1, 2, 3, 4, 5, 6);
    const inside = Float64Array.of(9, 9, 1, 0, 0, 1, 1, 1, 9).subarray(2, 8);
    const { c } = await session.run({ a: matrix(a, 2, 3), b: matrix(inside, 3, 2) });
    expect(c).toEqual({ type: 'float64', dims: [2, 2], data: Float64Array.of(4, 5, 10, 11) });
    expect(a.length).toBe(0);
    expect(Array.from(inside)).toEqual([1, 0, 0, 1, 1, 1]);
    const square = Float64Array.of(1, 1, 0, 1);
    expect((await session.run({ a: matrix(square, 2, 2), b: matrix(square, 2, 2) })).c!.data).toEqual(
      Float64Array.of(1, 2, 0, 1),
    );
  });

  it('opens equal models once, and keeps the bytes and the answers of different ones apart', async () => {
    const bytes = Buffer.from(modelFile('plain-17-fixed'));
    const [one, two] = await Promise.all([openSession(bytes), openSession(Uint8Array.from(bytes))]);
    expect(two).toBe(one);
    expect(await openSession(bytes, { threads: 1 })).not.toBe(one);
    expect(bytes.length).toBe(modelFile('plain-17-fixed').length);
    const other = await openSession(modelFile('resenc-17'));
    const feed = () => ({
      input: { type: 'float32', dims: [1, 1, 8, 16, 16], data: oracleInput([1, 8, 16, 16]) } as Tensor,
    });
    const [a, b, again] = await Promise.all([one.run(feed()), other.run(feed()), one.run(feed())]);
    expect(again).toEqual(a);
    expect(b).not.toEqual(a);
  });

  it('reads no other file on behalf of a model', async () => {
    const w = { name: 'w', dataType: 11, dims: [1n], dataLocation: 1 };
    const elsewhere = onnxModel({
      name: 'g',
      node: [node('MatMul', ['a', 'w'], 'c')],
      input: [value('a', [1, 1], 11)],
      output: [value('c', [1, 1], 11)],
      initializer: [{ ...w, externalData: [{ key: 'location', value: '/etc/hostname' }] }],
    });
    await expect(openSession(elsewhere)).rejects.toMatchObject({ code: 'model-unsupported' });
  });

  it('turns what onnxruntime says into one sentence, and goes on', async () => {
    const unknown = { name: 'g', node: [node('Nothing', ['x'], 'y')], input: [value('x', [1])], output: [] };
    const refused = openSession(onnxModel(unknown));
    await expect(refused).rejects.toMatchObject({ name: 'SegcanaryError', code: 'model-invalid' });
    await expect(refused).rejects.toThrow(/^onnxruntime refuses the model: [^\n]+$/);
    const session = await openSession(product);
    const failed = session.run({ a: matrix(new Float64Array(6), 2, 3), b: matrix(new Float64Array(8), 2, 4) });
    await expect(failed).rejects.toMatchObject({ code: 'inference-failed' });
    await expect(failed).rejects.toThrow(/^onnxruntime failed: [^\n]+$/);
    const missing = session.run({ a: matrix(new Float64Array(6), 2, 3) });
    await expect(missing).rejects.toMatchObject({ code: 'inference-failed' });
    expect(
      (await session.run({ a: matrix(Float64Array.of(2), 1, 1), b: matrix(Float64Array.of(3), 1, 1) })).c!.data[0],
    ).toBe(6);
  });

  it('that is closed or dies rejects the runs under way and to come, and the next model gets a new one', async () => {
    await closeInference();
    const started: Worker[] = [];
    const note = (worker: Worker) => started.push(worker);
    process.on('worker', note);
    const multiply = (session: Awaited<ReturnType<typeof openSession>>, n: number) =>
      session.run({ a: matrix(new Float64Array(n * n), n, n), b: matrix(new Float64Array(n * n), n, n) });
    const session = await openSession(product);
    const run = multiply(session, 1500);
    const closed = closeInference();
    await expect(run).rejects.toMatchObject({ code: 'inference-failed' });
    await expect(run).rejects.toThrow(/^The inference worker was closed; open the model again/);
    await closed;

    const second = await openSession(product);
    // Idle: a worker that is ended inside onnxruntime takes the process with it.
    await started[1].terminate();
    await expect(multiply(second, 2)).rejects.toThrow(/^The inference worker ended .* open the model again/);
    const third = await openSession(product);
    expect((await multiply(third, 1)).c!.data[0]).toBe(0);
    process.off('worker', note);
    expect(started.length).toBe(3);
  });

  it('that dies is replaced where the model can be had again; one that was closed is not', async () => {
    await closeInference();
    const started: Worker[] = [];
    const note = (worker: Worker) => started.push(worker);
    process.on('worker', note);
    const session = await openSession(product, { reopen: () => product });
    const square = (n: number) =>
      session.run({ a: matrix(Float64Array.of(n), 1, 1), b: matrix(Float64Array.of(n), 1, 1) });
    for (let crash = 0; crash < 2; crash++) {
      await started[crash].terminate();
      expect((await Promise.all([square(3), square(4)])).map(({ c }) => c!.data[0])).toEqual([9, 16]);
    }
    // One that crashes with runs in it: they fail, the next does not.
    const run = square(5);
    started[2].emit('error', new Error('out of memory'));
    await expect(run).rejects.toThrow(/^The inference worker crashed \(out of memory\)/);
    expect((await square(6)).c!.data[0]).toBe(36);
    process.off('worker', note);
    expect(started.length).toBe(4);
    await closeInference();
    await expect(square(7)).rejects.toThrow(/^The inference worker was closed/);
  });

  it('can be ended at any moment of a run, and takes nothing down with it', async () => {
    const module = join(import.meta.dirname, '../../../dist/network/inference/session.js');
    const program = `
      import { closeInference, openSession } from ${JSON.stringify(module)};
      const [wait, how] = process.argv.slice(1);
      const session = await openSession(Uint8Array.from(Buffer.from('${Buffer.from(product).toString('base64')}', 'base64')), { threads: 1 });
      const n = 400;
      const square = () => ({ type: 'float64', dims: [n, n], data: new Float64Array(n * n) });
      const runs = [0, 1, 2].map(() => session.run({ a: square(), b: square() }).catch(() => {}));
      await new Promise((resolve) => setTimeout(resolve, Number(wait)));
      if (how === 'exit') process.exit(0);
      await closeInference();
      await Promise.all(runs);`;
    // Nearly every second one crashed before the gate was there.
    for (const how of ['exit', 'close']) {
      for (let wait = 0; wait < 16; wait += 2) {
        const args = ['--input-type=module', '-e', program, String(wait), how];
        const ended = await promisify(execFile)(process.execPath, args, { timeout: 30_000 });
        expect(ended).toEqual({ stdout: '', stderr: '' });
      }
    }
  });

  it('lets the process end by itself, and prints nothing', async () => {
    const module = join(import.meta.dirname, '../../../dist/network/inference/session.js');
    const program = `
      import { openSession } from ${JSON.stringify(module)};
      const bytes = Uint8Array.from(Buffer.from('${Buffer.from(product).toString('base64')}', 'base64'));
      const session = await openSession(bytes);
      const one = () => ({ type: 'float64', dims: [1, 1], data: Float64Array.of(7) });
      await session.run({ a: one() }).catch((error) => console.log(error.code));
      console.log((await session.run({ a: one(), b: one() })).c.data[0]);`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      timeout: 30_000,
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'inference-failed\n49\n', stderr: '' });
  });
});
