import { expect, it } from 'vitest';
import { all, type Collector, collect, drain, last } from '../../src/stages/collectors.js';

async function* chunks(...values: number[]): AsyncGenerator<number> {
  yield* values;
}

it('keep nothing, the last chunk, or all of them in order', async () => {
  expect(await collect(chunks(1, 2, 3), drain)).toBeUndefined();
  expect(await collect(chunks(1, 2, 3), last())).toBe(3);
  expect(await collect(chunks(), last())).toBeNull();
  expect(await collect(chunks(1, 2, 3), all())).toEqual([1, 2, 3]);
  expect(await collect(chunks(), all())).toEqual([]);
});

it('begin anew with every stream', async () => {
  const kept = all<number>();
  expect(await collect(chunks(1), kept)).toEqual([1]);
  expect(await collect(chunks(2), kept)).toEqual([2]);
});

it('may take their time: the next chunk is not asked for before', async () => {
  const order: string[] = [];
  async function* source() {
    for (const n of [1, 2]) {
      order.push(`asked for ${n}`);
      yield n;
    }
  }
  const slow: Collector<number, number, number> = {
    init: () => 0,
    add: async (sum, n) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      order.push(`took ${n}`);
      return sum + n;
    },
    finish: (sum) => sum,
  };
  expect(await collect(source(), slow)).toBe(3);
  expect(order).toEqual(['asked for 1', 'took 1', 'asked for 2', 'took 2']);
});

it('tell of an error of their own, not of the stream’s', async () => {
  const told: unknown[] = [];
  const own = new Error('of the collector');
  const failing: Collector<number, null, null> = {
    init: () => null,
    add: () => {
      throw own;
    },
    finish: () => null,
  };
  await expect(collect(chunks(1), failing, (error) => told.push(error))).rejects.toBe(own);
  expect(told).toEqual([own]);
  async function* broken(): AsyncGenerator<number> {
    yield 1;
    throw new Error('of the stream');
  }
  await expect(collect(broken(), drain, (error) => told.push(error))).rejects.toThrow('of the stream');
  expect(told).toEqual([own]);
});
