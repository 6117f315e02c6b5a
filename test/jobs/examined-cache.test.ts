import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ExaminedCache } from '../../src/jobs/examined-cache.js';
import type { Examined } from '../../src/scans/examine.js';
import { temporaryFolder } from '../support/folder.js';

const examined: Examined = {
  case: 'a',
  patches: 1,
  voxels: 8,
  rows: Float32Array.of(1, 2),
  means: Float32Array.of(3),
  measured: Float32Array.of(4),
  d: 2,
  c: 1,
  m: 1,
  histogram: [0.5, 0.5],
  weights: { mean: [1], foreground: [1], interior: [1] },
  cover: [1],
  outputs: { energy: { mean: -1 } },
  dice: { ärta: 0.9 },
  seconds: 1,
  peakMemory: 1e8,
};

it('takes an entry for absent at whichever byte it is damaged or cut', async () => {
  const folder = await temporaryFolder();
  const cache = await ExaminedCache.open(folder);
  const key = 'c'.repeat(64);
  const kept = await cache.write(key, examined);
  expect(await cache.read(key)).toEqual(kept);
  const path = join(folder, `${key}.examined`);
  const good = await readFile(path);
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad[at] ^= 1;
    await writeFile(path, bad);
    expect(await cache.read(key), `byte ${at} flipped`).toBe(null);
    await writeFile(path, good.subarray(0, at));
    expect(await cache.read(key), `cut at ${at}`).toBe(null);
  }
});
