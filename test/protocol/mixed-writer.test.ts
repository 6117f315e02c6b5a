import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { mixedParts } from '../../src/protocol/mixed-reader.js';
import { MixedBody } from '../../src/protocol/mixed-writer.js';

it('is read back part by part, whatever the parts hold', async () => {
  const out = new MixedBody<'map' | 'more' | 'result'>(5);
  const tricky = Buffer.from('\r\n--segcanary-\r\n\r\n--');
  const writing = (async () => {
    const map = out.part('map', 'application/gzip', 'map.nii.gz');
    map.write(tricky);
    map.end(Buffer.alloc(100_000, 7));
    await new Promise((resolve) => map.once('finish', resolve));
    await out.stream('more', 'application/gzip', 'more.nii.gz', Readable.from([Buffer.from('x')]));
    await out.json('result', { score: 1 });
  })();
  const parts: [string, Buffer][] = [];
  for await (const { name, bytes } of mixedParts(out.contentType, out.body)) {
    const pieces: Buffer[] = [];
    for await (const piece of bytes) pieces.push(Buffer.from(piece));
    parts.push([name, Buffer.concat(pieces)]);
  }
  await writing;
  expect(parts).toEqual([
    ['map', Buffer.concat([tricky, Buffer.alloc(100_000, 7)])],
    ['more', Buffer.from('x')],
    ['result', Buffer.from('{"score":1}')],
  ]);
});

it('has not begun before its first byte', async () => {
  const out = new MixedBody<'map'>(5);
  let begun = false;
  out.begun.then(() => {
    begun = true;
  });
  const map = out.part('map', 'application/gzip', 'map.nii.gz');
  await wait(10);
  expect(begun).toBe(false);
  map.write('a');
  await wait(10);
  expect(begun).toBe(true);
});

it('gives up a reader who takes nothing, or has gone', async () => {
  const bytes = Buffer.alloc(1 << 20);
  const stalled = new MixedBody<'map'>(0.1);
  await expect(
    stalled.stream('map', 'application/gzip', 'map.nii.gz', Readable.from([bytes, bytes])),
  ).rejects.toMatchObject({ code: 'timed-out' });
  const left = new MixedBody<'map'>(5);
  left.body.destroy();
  await expect(left.json('map', {})).rejects.toMatchObject({ code: 'aborted' });
});
