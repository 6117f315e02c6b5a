import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { sentenceOf } from '../../src/cli/words.js';
import { describeError } from '../../src/errors.js';
import { createServer } from '../../src/server/app.js';
import { openServed, servedAs } from '../../src/server/served.js';

const detector = join(inject('workshop'), 'detector');

/** What fails, to a program and on the command line. */
async function sentences(work: Promise<unknown>): Promise<readonly string[]> {
  const error = describeError(
    await work.then(
      () => new Error('nothing failed'),
      (reason: unknown) => reason,
    ),
  );
  return [error.message, sentenceOf(error)];
}

it('names detectors after their folder, or as they were given', async () => {
  const detectors = await openServed({ detectors: [detector, `chest=${detector}`] });
  expect([...detectors.keys()]).toEqual(['detector', 'chest']);
  expect(servedAs(undefined, detectors).name).toBe('detector');
  expect(servedAs('chest', detectors).name).toBe('chest');
  expect(() => servedAs('head', detectors)).toThrow('There is no detector head; there are detector, chest.');
});

it('says which option helps: its name to a program, its flag on the command line', async () => {
  expect(await sentences(openServed({ detectors: [detector, detector] }))).toEqual([
    'Two detectors would be named detector; give one another name in `detectors`, as NAME=FOLDER.',
    'Two detectors would be named detector; give one another name in -d, as NAME=FOLDER.',
  ]);
  expect(await sentences(openServed({ detectors: ['/somewhere/my detector'] }))).toEqual([
    expect.stringMatching(/^\/somewhere\/my detector: .*; give it one in `detectors`, as NAME=FOLDER\.$/),
    expect.stringMatching(/^\/somewhere\/my detector: .*; give it one in -d, as NAME=FOLDER\.$/),
  ]);
  const server = await createServer({ detectors: [detector] });
  const other = await createServer({ detectors: [detector] });
  try {
    expect(await sentences(server.listen({ host: '0.0.0.0', port: 0 }))).toEqual([
      expect.stringMatching(/give it one \(`token`\)\.$/),
      expect.stringMatching(/give it one \(SEGCANARY_TOKEN or --token-file\)\.$/),
    ]);
    const port = Number(new URL((await server.listen({ port: 0 })).url).port);
    expect(await sentences(other.listen({ port }))).toEqual([
      `cannot listen on 127.0.0.1:${port}: another program has the port; choose another \`port\`.`,
      `cannot listen on 127.0.0.1:${port}: another program has the port; choose another --port.`,
    ]);
  } finally {
    await server.close();
    await other.close();
  }
});
