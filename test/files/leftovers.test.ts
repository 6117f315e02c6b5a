import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { EmbeddingCache } from '../../src/detectors/embedding-cache.js';
import { checkDetectorTarget } from '../../src/detectors/folder.js';
import { createAtomicFile, writeFileAtomically } from '../../src/files/atomic.js';
import { fitsName, isPassingName, passingName, removeLeftovers } from '../../src/files/leftovers.js';
import { temporaryFolder } from '../support/folder.js';

const files = join(import.meta.dirname, '../../dist/files/atomic.js');

/** A process that has begun to write these files and goes on until it is killed. */
async function writer(...paths: readonly string[]) {
  const program = `
    import { createAtomicFile } from ${JSON.stringify(files)};
    for (const path of ${JSON.stringify(paths)}) (await createAtomicFile(path)).stream.write('half');
    console.log('writing');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
}

const hidden = async (folder: string) => (await readdir(folder)).filter((name) => name.startsWith('.'));

it('a file that is written again loses what a killed process left of it, and no other loses anything', async () => {
  const folder = await temporaryFolder();
  const [a, longer] = [join(folder, 'a.json'), join(folder, 'a.json.more')];
  await (await writer(a, longer))();
  expect((await hidden(folder)).every(isPassingName)).toBe(true);
  expect(await hidden(folder)).toHaveLength(2);
  await writeFileAtomically(a, 'whole');
  expect(await hidden(folder)).toEqual([expect.stringMatching(/^\.a\.json\.more\./)]);
});

it('what a process that runs is writing stays, its own and another one’s', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a');
  const kill = await writer(path);
  const mine = await createAtomicFile(path);
  await writeFileAtomically(path, 'whole');
  expect(await hidden(folder)).toHaveLength(2);
  await mine.discard();
  await kill();
  await removeLeftovers(path);
  expect(await readdir(folder)).toEqual(['a']);
});

it('what looks alike but is of another place, or of nobody, stays', async () => {
  const folder = await temporaryFolder();
  const others = ['.a.00000000-999999999.01234567.partial', '.a.1.partial', '.a.partial', '.a.swp'];
  for (const name of others) await writeFile(join(folder, name), '');
  await removeLeftovers(join(folder, 'a'));
  expect((await readdir(folder)).sort()).toEqual(others.sort());
});

it('a cache that is opened loses what killed processes left in it, entries that are whole included', async () => {
  const folder = await temporaryFolder();
  const key = 'd'.repeat(64);
  await writeFile(join(folder, `${key}.examined`), 'whole');
  const entries = ['examined', 'embeddings', 'intensities'].map((kind) => join(folder, `${key}.${kind}`));
  await (await writer(...entries, join(folder, 'notes')))();
  expect(await hidden(folder)).toHaveLength(4);
  await EmbeddingCache.open(folder);
  expect((await readdir(folder)).sort()).toEqual([expect.stringMatching(/^\.notes\./), `${key}.examined`]);
});

it('a detector whose calibration was killed can be replaced', async () => {
  const folder = join(await temporaryFolder(), 'detector');
  await mkdir(folder);
  await writeFile(join(folder, 'detector.json'), '{}');
  await (await writer(join(folder, 'detector.json')))();
  expect(await hidden(folder)).toHaveLength(1);
  await expect(checkDetectorTarget(folder)).resolves.toBeUndefined();
});

it('a name fits while it is being written wherever it fits when it is there', async () => {
  const folder = await temporaryFolder();
  const longest = [
    'a'.repeat(255),
    'ü'.repeat(127),
    '🩻'.repeat(63),
    'a'.repeat(220),
    'a'.repeat(219),
    'ü'.repeat(115),
  ];
  for (const name of longest) {
    const passing = basename(passingName(join(folder, name), 'partial'));
    expect([Buffer.byteLength(passing) <= 255, isPassingName(passing), passing.includes('\uFFFD')]).toEqual([
      true,
      true,
      false,
    ]);
    await (await writer(join(folder, name)))();
    expect(await hidden(folder)).toHaveLength(1);
    await writeFileAtomically(join(folder, name), 'whole');
    expect(await readdir(folder)).toEqual([name]);
    await rm(join(folder, name));
  }
  // Two that begin alike are told apart.
  const [one, two] = ['1', '2'].map((end) => join(folder, `${'a'.repeat(240)}${end}`));
  await (await writer(one))();
  await writeFileAtomically(two, 'whole');
  expect(await hidden(folder)).toHaveLength(1);
  expect([fitsName('ü'.repeat(127)), fitsName('ü'.repeat(128))]).toEqual([true, false]);
});
