import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Command } from '../../campaigns/commands.js';
import { digestOf, inventory } from '../../campaigns/inventory.js';
import { namedTemporaries, wrongAfterKill, wrongAtEnd } from '../../campaigns/judge.js';
import type { Reference } from '../../campaigns/reference.js';
import { temporaryFolder } from '../support/folder.js';

const files = (contents: Record<string, string>) => ({ files: new Map(Object.entries(contents)), leftovers: [] });
const command: Command = { name: 'fit', args: [], writes: [], atomicFolder: 'detector', prepare: () => {} };
const reference: Reference = {
  command,
  before: files({ a: 'old' }),
  after: files({ a: 'new', 'detector/x': 'x', 'detector/y': 'y' }),
  stdout: '',
  lengths: { fresh: { ms: 1, writes: 1 }, done: { ms: 1, writes: 1 } },
  kept: '',
};

describe('the judge of the kill campaign', () => {
  it('takes the old content and the new, and no third', () => {
    expect(wrongAfterKill(files({ a: 'old' }), reference, new Map())).toEqual([]);
    expect(wrongAfterKill(files({ a: 'new', 'detector/x': 'x', 'detector/y': 'y' }), reference, new Map())).toEqual([]);
    expect(wrongAfterKill(files({ a: 'ne' }), reference, new Map())).toEqual(['a is not whole']);
    expect(wrongAfterKill(files({ b: 'x' }), reference, new Map())).toEqual(['b is not whole']);
    expect(wrongAfterKill(files({ 'detector/x': 'x' }), reference, new Map())).toEqual(['detector is not whole']);
  });

  it('wants exactly the outputs of the undisturbed run at the end', () => {
    const found = { files: new Map([['a', 'old']]), leftovers: ['.a.01234567-1.01234567.partial'] };
    expect(wrongAtEnd(found, reference)).toEqual([
      '.a.01234567-1.01234567.partial is left',
      'a differs from the undisturbed run’s'.replace('’', "'"),
      'detector/x is missing',
      'detector/y is missing',
    ]);
  });

  it('sees hidden names, temporary files with something in them, and every field but times and memory', async () => {
    const folder = await temporaryFolder();
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
    mkdirSync(join(folder, 'tmp'));
    write('.a.01234567-1.01234567.partial', '');
    write('tmp/segcanary-1', '');
    write('tmp/segcanary-2', 'x');
    expect(inventory(folder).leftovers).toEqual(['.a.01234567-1.01234567.partial']);
    expect(namedTemporaries(join(folder, 'tmp'))).toMatchObject({ empty: 1, wrong: [expect.stringContaining('-2')] });
    const digest = (text: string) => {
      write('results.json', text);
      return digestOf(join(folder, 'results.json'));
    };
    const one = digest('{"auroc":1,"seconds":{"a":1},"peakMemory":{"a":1}}');
    expect(digest('{"auroc":1,"seconds":{"a":2},"peakMemory":{"a":3}}')).toBe(one);
    expect(digest('{"auroc":0.5,"seconds":{"a":1},"peakMemory":{"a":1}}')).not.toBe(one);
    expect(digest('{"auroc":1,"seconds":{"a":1},"peakMem')).not.toBe(one);
  });
});
