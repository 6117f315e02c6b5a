import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddingCache, embeddingKey } from '../../src/detectors/embedding-cache.js';

const parts = {
  scanSha256: 'a'.repeat(64),
  plan: { spacing: [5, 1, 1] },
  stepSize: 0.5,
  encoderSha256: 'b'.repeat(64),
  tap: 'bottleneck',
};
const key = embeddingKey(parts);
const entry = {
  rows: Float32Array.of(1, 2, 3, 4, 5, 1e-30),
  means: Float32Array.of(7, 8),
  measured: Float32Array.of(9, 10, 11, 12),
  n: 2,
  d: 3,
  c: 1,
  m: 2,
  weights: Float32Array.of(0.25, 0.75),
  cover: Float32Array.of(1, 0),
  histogram: Float32Array.of(0.5, 0.125, 0.375),
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'segcanary-cache-'));
});
afterEach(() => rm(dir, { recursive: true }));

describe('EmbeddingCache', () => {
  it('gives back what it was given, to a later process too', async () => {
    const cache = await EmbeddingCache.open(join(dir, 'new', 'folder'));
    expect(await cache.read(key)).toBeNull();
    await cache.write(key, entry);
    const later = await EmbeddingCache.open(join(dir, 'new', 'folder'));
    expect(await later.read(key)).toEqual(entry);
    expect(await readdir(later.dir)).toEqual([`${key}.embeddings`]);
  });

  it('takes a damaged entry for absent, at whichever byte it is damaged or cut', async () => {
    const cache = await EmbeddingCache.open(dir);
    await cache.write(key, entry);
    const path = join(dir, `${key}.embeddings`);
    const good = await readFile(path);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] ^= 1;
      await writeFile(path, bad);
      expect(await cache.read(key), `byte ${at} flipped`).toBe(null);
      await writeFile(path, good.subarray(0, at));
      expect(await cache.read(key), `cut at ${at}`).toBe(null);
    }
    await cache.write(key, entry);
    expect(await cache.read(key)).toEqual(entry);
  });

  it('does not take another scan’s entry under this name', async () => {
    const cache = await EmbeddingCache.open(dir);
    await cache.write(key, entry);
    const other = embeddingKey({ ...parts, tap: 'other' });
    await writeFile(join(dir, `${other}.embeddings`), await readFile(join(dir, `${key}.embeddings`)));
    expect(await cache.read(other)).toBe(null);
  });
});

describe('embeddingKey', () => {
  it('changes with everything that an embedding depends on', () => {
    const keys = [
      parts,
      { ...parts, scanSha256: ['a'.repeat(64), 'c'.repeat(64)] },
      { ...parts, plan: { spacing: [5, 1, 2] } },
      { ...parts, stepSize: 0.25 },
      { ...parts, encoderSha256: 'c'.repeat(64) },
      { ...parts, tap: 'other' },
      { ...parts, more: { volume: 1 } },
    ].map(embeddingKey);
    expect(new Set(keys).size).toBe(keys.length);
    expect(embeddingKey({ ...parts })).toBe(key);
  });
});
