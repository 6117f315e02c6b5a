import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, expectTypeOf, it } from 'vitest';
import type { MaskSlice, Patch, PatchDistance, Prediction, Slice } from '../../src/chunks.js';
import { aggregate } from '../../src/stages/aggregate.js';
import { assemble } from '../../src/stages/assemble.js';
import { type Chain, chain } from '../../src/stages/chain.js';
import { all, type Collector, drain, last } from '../../src/stages/collectors.js';
import { load } from '../../src/stages/load.js';
import { patch } from '../../src/stages/patch.js';
import { pool } from '../../src/stages/pool.js';
import { tapped } from '../../src/stages/predict.js';
import { save } from '../../src/stages/save.js';
import { type Stage, stage } from '../../src/stages/stage.js';

/** Every number so many times, as text. */
const repeat = (times: number): Stage<number, string> =>
  stage({ name: 'repeat' }, { transform: (n) => Array.from({ length: times }, () => `${n}`) });
const parse = (): Stage<string, number> =>
  stage(
    { name: 'parse' },
    {
      *transform(text) {
        yield Number(text);
      },
    },
  );
const add = (value: number): Stage<number, number> =>
  stage(
    { name: 'add' },
    {
      *transform(n) {
        yield n + value;
      },
    },
  );
const numbers = (...values: number[]) => Readable.from(values);

it('runs a source through its stages, in order, and returns what the collector makes', async () => {
  const texts = () => chain(add(1)).to(repeat(2));
  expect(await texts().run(numbers(1, 2), all())).toEqual(['2', '2', '3', '3']);
  expect(await texts().run(numbers(1, 2), last())).toBe('3');
  expect(await texts().run(numbers(), last())).toBeNull();
  expect(await texts().run(numbers(1), drain)).toBeUndefined();
  expect(await texts().run(numbers(1))).toBeUndefined();
  const sum: Collector<string, number, number> = {
    init: () => 10,
    add: async (state, text) => state + Number(text),
    finish: (state) => -state,
  };
  expect(await texts().run(numbers(1, 2), sum)).toBe(-20);
});

it('takes chains as links, and a chain of nothing', async () => {
  const there = chain(repeat(1));
  expect(
    await chain(add(1))
      .to(there)
      .to(chain(parse()).to(add(1)))
      .run(numbers(1), all()),
  ).toEqual([3]);
  expect(await chain<number>().run(numbers(4, 5), all())).toEqual([4, 5]);
  expect(await chain<number>().optionally(add(1)).run(numbers(4), all())).toEqual([5]);
});

it('leaves out what is optional, and shows what passes', async () => {
  const seen: number[] = [];
  const of = (more: boolean) =>
    chain(add(1))
      .optionally(more ? add(10) : null)
      .observe((n) => {
        seen.push(n);
      })
      .run(numbers(1), all());
  expect([await of(false), await of(true)]).toEqual([[2], [12]]);
  expect(seen).toEqual([2, 12]);
});

it('ends with the error of a stage, of the source, of the collector, or of the signal', async () => {
  const failing: Stage<number, number> = stage(
    { name: 'failing' },
    {
      *transform() {
        throw new Error('of the stage');
      },
    },
  );
  await expect(chain(add(1)).to(failing).run(numbers(1))).rejects.toThrow('of the stage');
  const source = async function* () {
    yield 1;
    throw new Error('of the source');
  };
  await expect(chain(add(1)).run(source(), all())).rejects.toThrow('of the source');
  const collector: Collector<number, null, null> = {
    init: () => null,
    add: () => {
      throw new Error('of the collector');
    },
    finish: () => null,
  };
  await expect(chain(add(1)).run(numbers(1), collector)).rejects.toThrow('of the collector');
  const waiting = new Readable({ objectMode: true, read() {} });
  await expect(chain(add(1)).run(waiting, drain, { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(waiting.destroyed).toBe(true);
});

it("can be spread into Node's own pipeline", async () => {
  const found: number[] = [];
  const target = new Writable({
    objectMode: true,
    write(n: number, _encoding, done) {
      found.push(n);
      done();
    },
  });
  await pipeline([numbers(1, 2), ...chain(add(1)).to(repeat(1)).to(parse()), target]);
  expect(found).toEqual([2, 3]);
});

// The types are the point. `tsc -p tsconfig.json` fails where one of these compiles that should
// not.
it('has types: neighbours fit, optional stages give what they take, the last chunk is known', () => {
  const slices = chain(load());
  const patches = slices.to(patch({ patchSize: [1, 1, 1] }));
  expectTypeOf(slices).toEqualTypeOf<Chain<Uint8Array, Slice>>();
  expectTypeOf(patches).toEqualTypeOf<Chain<Uint8Array, Patch>>();
  expectTypeOf(() => patches.run(process.stdin, last())).returns.resolves.toEqualTypeOf<Patch | null>();
  // Whatever the type of the source: the first overload that is tried decides what is inferred.
  const typed = (source: AsyncIterable<Uint8Array>) => slices.run(source, last());
  expectTypeOf(typed).returns.resolves.toEqualTypeOf<Slice | null>();
  expectTypeOf(() => slices.run(process.stdin, all())).returns.resolves.toEqualTypeOf<Slice[]>();
  expectTypeOf(() => slices.run(process.stdin)).returns.resolves.toEqualTypeOf<void>();
  patches.observe((seen) => void expectTypeOf(seen).toEqualTypeOf<Patch>());
  const masks = chain<PatchDistance>().to(aggregate());
  expectTypeOf(masks.optionally(save({ to: 'mask.nii' }))).toEqualTypeOf<Chain<PatchDistance, MaskSlice>>();
  expectTypeOf(chain<Prediction>().to(tapped()).to(pool()).stages.length).toEqualTypeOf<number>();

  // @ts-expect-error patches are no bytes
  chain(patch({ patchSize: [1, 1, 1] })).to(load());
  // @ts-expect-error slices are no activations
  slices.to(pool());
  // @ts-expect-error a chain of predictions takes no slices
  slices.to(chain(assemble()));
  // @ts-expect-error what may be left out has to give what it takes
  slices.optionally(patch({ patchSize: [1, 1, 1] }));
  // @ts-expect-error slices of a scan are no slices of a mask
  slices.optionally(save({ to: 'mask.nii' }));
  // @ts-expect-error a slice has no tile
  slices.observe(({ tile }) => tile);
  // @ts-expect-error patches are no bytes
  const wrong = (source: AsyncIterable<Patch>) => slices.run(source, all());
  expectTypeOf(wrong).toBeFunction();
});
