import { expect, it } from 'vitest';
import { encodeComment, encodeEvent, eventsOf, scanEventOf } from '../../src/protocol/events.js';
import { RIGHT_RECORD } from '../support/answers.js';

const TEXT =
  ': a comment\n\nevent: progress\ndata: {"patches":1,"of":"ü"}\n\ndata: two\ndata: lines\n\nevent: nothing\n\nevent:done\ndata:{}\n\n';

async function read(pieces: readonly Uint8Array[]) {
  const events: unknown[] = [];
  async function* each() {
    yield* pieces;
  }
  for await (const event of eventsOf(each())) events.push(event);
  return events;
}

it('gives the same events wherever their bytes are cut', async () => {
  const bytes = Buffer.from(TEXT);
  for (let at = 0; at <= bytes.length; at++)
    expect(await read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual([
      { event: 'progress', data: '{"patches":1,"of":"ü"}' },
      { event: 'message', data: 'two\nlines' },
      { event: 'done', data: '{}' },
    ]);
});

it('leaves an event out that did not arrive whole', async () => {
  expect(await read([Buffer.from('data: a\n\nevent: done\ndata: {')])).toEqual([{ event: 'message', data: 'a' }]);
});

it('gives what was written as what happened to a scan, without comments and events that it does not know', async () => {
  const name = 'two\nlines';
  const record = { ...RIGHT_RECORD, case: name, result: { ...RIGHT_RECORD.result, case: name } };
  const text = [
    encodeComment('still there'),
    encodeEvent('progress', { patches: 1, total: 8 }),
    'event: news\ndata: {}\n\n',
    encodeEvent('done', record),
  ].join('');
  const events = (await read([Buffer.from(text)])) as Parameters<typeof scanEventOf>[0][];
  expect(events.map(scanEventOf)).toEqual([
    { event: 'progress', patches: 1, total: 8 },
    null,
    { event: 'done', record },
  ]);
});

it('refuses what cannot have happened, and an event without an end', async () => {
  const event = (name: string, value: unknown) => () => scanEventOf({ event: name, data: JSON.stringify(value) });
  expect(event('failed', null)()).toEqual({ event: 'failed', record: null });
  expect(event('failed', RIGHT_RECORD)).toThrow('status: the scan is done, and it is failed');
  expect(event('done', null)).toThrow('all of it');
  expect(event('progress', { patches: 9, total: 8 })).toThrow('9 of 8');
  const piece = Buffer.alloc(2 ** 20, 'x');
  await expect(read(Array.from({ length: 17 }, () => piece))).rejects.toThrow('an event has no end');
});
