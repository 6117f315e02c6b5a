import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Place, ScanQueue } from '../../src/server/queue.js';

describe('the queue', () => {
  it('gives turns in order of coming, and no more places than there are', async () => {
    const queue = new ScanQueue(1, 2);
    const order: number[] = [];
    const places = [0, 1, 2].map(() => queue.reserve()!);
    expect(queue.reserve()).toBeNull();
    const turns = places.map((place, i) =>
      place.turn().then(
        () => order.push(i),
        () => order.push(-i),
      ),
    );
    await turns[0];
    expect([order, queue.running, queue.waiting]).toEqual([[0], 1, 2]);
    places[0].release();
    await turns[1];
    expect([order, queue.running, queue.waiting]).toEqual([[0, 1], 1, 1]);
    places[0].release();
    expect(queue.waiting).toBe(1);
    const late = queue.reserve()!;
    expect(queue.reserve()).toBeNull();
    late.release();
    // The last one waits: it is given up, and its turn goes to nobody.
    places[2].release();
    await turns[2];
    places[1].release();
    expect([order, queue.running, queue.waiting]).toEqual([[0, 1, -2], 0, 0]);
  });

  it('forgets who gives up while waiting', async () => {
    const queue = new ScanQueue(1, 2);
    const [first, second, third] = [queue.reserve()!, queue.reserve()!, queue.reserve()!];
    await first.turn();
    const controller = new AbortController();
    const given = second.turn(controller.signal);
    const waiting = third.turn();
    controller.abort();
    await expect(given).rejects.toMatchObject({ code: 'aborted' });
    second.release();
    first.release();
    await waiting;
    expect([queue.running, queue.waiting]).toEqual([1, 0]);
    const fourth = queue.reserve()!;
    await expect(fourth.turn(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });

  it('never runs more than it may, and never loses a place, whatever happens', async () => {
    const step = fc.record({ what: fc.constantFrom('reserve', 'turn', 'abort', 'release'), which: fc.nat(20) });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.nat(4),
        fc.array(step, { maxLength: 60 }),
        async (n, room, steps) => {
          const queue = new ScanQueue(n, room);
          const held: { place: Place; controller: AbortController; turned: boolean }[] = [];
          for (const { what, which } of steps) {
            const one = held[which % Math.max(held.length, 1)];
            if (what === 'reserve') {
              const place = queue.reserve();
              expect(place === null).toBe(held.length >= n + room);
              if (place) held.push({ place, controller: new AbortController(), turned: false });
            } else if (one && what === 'turn' && !one.turned) {
              one.turned = true;
              one.place.turn(one.controller.signal).catch(() => {});
            } else if (one && what === 'abort') one.controller.abort();
            else if (one && what === 'release') {
              one.place.release();
              held.splice(held.indexOf(one), 1);
            }
            await new Promise((resolve) => setImmediate(resolve));
            expect(queue.running).toBeLessThanOrEqual(n);
            expect(queue.running + queue.waiting).toBe(held.length);
          }
          for (const { place } of held) place.release();
          await new Promise((resolve) => setImmediate(resolve));
          expect([queue.running, queue.waiting]).toEqual([0, 0]);
        },
      ),
      { numRuns: 100 },
    );
  });
});
