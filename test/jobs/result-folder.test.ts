import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ResultFolder } from '../../src/jobs/result-folder.js';
import { failureOf } from '../../src/results.js';
import { temporaryFolder } from '../support/folder.js';

const failure = (name: string, message = 'x') => failureOf(name, new Error(message));

it('loses what an earlier run says of all scans as soon as another one begins', async () => {
  const dir = await temporaryFolder();
  for (const name of ['scores.csv', 'summary.json', 'a.json', 'notes.txt']) await writeFile(join(dir, name), 'old');
  const folder = await ResultFolder.open(dir);
  expect((await readdir(dir)).sort()).toEqual(['a.json', 'notes.txt']);
  await folder.add(failure('b'));
  await folder.finish();
  expect((await readdir(dir)).sort()).toEqual(['a.json', 'b.json', 'notes.txt', 'scores.csv', 'summary.json']);
});

it('keeps a failure in the lists where its own file cannot be written because of its name', async () => {
  const dir = await temporaryFolder();
  await mkdir(join(dir, 'folder.json', 'inside'), { recursive: true });
  const folder = await ResultFolder.open(dir);
  for (const name of ['n'.repeat(251), 'folder', 'good']) await folder.add(failure(name));
  await folder.finish();
  expect((await readdir(dir)).sort()).toEqual(['folder.json', 'good.json', 'scores.csv', 'summary.json']);
  const { failed, results } = JSON.parse(await readFile(join(dir, 'summary.json'), 'utf8'));
  expect([failed, results.length]).toEqual([3, 3]);
});

it('runs no formula of a name or a message', async () => {
  const dir = await temporaryFolder();
  const folder = await ResultFolder.open(dir);
  await folder.add({ case: '=1+1', error: { code: 'io', message: '@SUM(A1): it is gone.' } });
  await folder.finish();
  const [, line] = (await readFile(join(dir, 'scores.csv'), 'utf8')).split('\n');
  expect(line).toBe("'=1+1,,,,,,,,,,'@SUM(A1): it is gone.,,,,");
});
