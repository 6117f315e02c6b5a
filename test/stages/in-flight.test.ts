import { describe, expect, it } from 'vitest';
import type { PatchPlace } from '../../src/chunks.js';
import { SegcanaryError } from '../../src/errors.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { inFlightBody } from '../../src/stages/in-flight.js';
import { stage } from '../../src/stages/stage.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([1, 1, 8], 'case_7'));
const tiling = layTiles(grid.shape, [1, 1, 2], 1);
const places = (): PatchPlace[] => [0, 1, 2, 3].map((index) => ({ grid, tiling, index, tile: [0, 0, index] }));
const inFlight = <T>(work: (place: PatchPlace) => Promise<T>, count: number) =>
  stage<PatchPlace, T>({ name: 'work' }, inFlightBody(work, count));

describe('work in flight', () => {
  it.each([1, 2, 3, 9])('comes out in the order of the chunks, the last first done, %i at a time', async (count) => {
    let [now, most] = [0, 0];
    const work = async ({ index }: PatchPlace) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 5 * (4 - index)));
      now--;
      return index;
    };
    expect(await collect(places(), inFlight(work, count))).toEqual([0, 1, 2, 3]);
    expect(most).toBe(Math.min(count, 4));
  });

  it('raises an error when its turn comes, with the scan, the patch and the option', async () => {
    const done: number[] = [];
    const work = async ({ index }: PatchPlace) => {
      if (index === 1) throw new SegcanaryError('inference-failed', 'no memory; name `tmpdir`.', { option: 'tmpdir' });
      return index;
    };
    const body = inFlight(work, 3);
    body.on('data', (index: number) => done.push(index));
    await expect(collect(places(), body)).rejects.toMatchObject({
      code: 'inference-failed',
      message: 'case_7: patch 1: no memory; name `tmpdir`.',
      subject: 'case_7',
      option: 'tmpdir',
    });
    expect(done).toEqual([0]);
  });

  it('leaves an error that is none of ours as it is', async () => {
    const broken = new TypeError('a mistake of the program');
    await expect(
      collect(
        places(),
        inFlight(() => Promise.reject(broken), 2),
      ),
    ).rejects.toBe(broken);
  });

  it('refuses to have none in flight', () => {
    for (const count of [0, -1, 1.5, Number.NaN])
      expect(() => inFlightBody(async () => 0, count)).toThrow(
        expect.objectContaining({ code: 'usage', message: expect.stringContaining(`at least 1, not ${count}`) }),
      );
  });
});
