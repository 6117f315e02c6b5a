import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Slice } from '../../src/chunks.js';
import { DEFAULT_LIMITS, limitsOf } from '../../src/limits.js';
import { runScan } from '../../src/scans/run.js';
import { chain } from '../../src/stages/chain.js';
import { all, drain } from '../../src/stages/collectors.js';
import { load } from '../../src/stages/load.js';
import { chop, fakeNifti, loadAll } from '../support/nifti.js';

const zeros = (bytes: number) => Buffer.alloc(bytes);

describe('limits of a file', () => {
  it.each([
    ['slices', { dim: [3, 1, 1, 16_385, 1, 1, 1, 1] }, /has 16385 slices, and 16384 are allowed/],
    ['sliceVoxels', { dim: [3, 32_767, 32_767, 2, 1, 1, 1, 1] }, /has 1073676289 voxels in a slice/],
    ['bytes', { dim: [3, 4096, 4096, 8192, 1, 1, 1, 1] }, /has 274877907296 unpacked bytes/],
    ['extension', { voxelOffset: 1e8 }, /has 99999652 bytes between header and voxels/],
  ] as const)('refuses %s before anything is allocated', async (limit, fake, message) => {
    const before = process.memoryUsage().arrayBuffers;
    const bytes = fakeNifti({ ...fake, body: zeros(0) });
    const error = await loadAll(bytes, { name: 'big.nii' }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'limit-exceeded', message: expect.stringMatching(message) });
    expect((error as Error).message).toMatch(new RegExp(`^big\\.nii: .*\`limits\\.${limit}\`.*\\.$`));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16e6);
  });

  it('takes what the caller allows', async () => {
    const bytes = fakeNifti({ dim: [3, 4, 3, 2, 1, 1, 1, 1] });
    await expect(loadAll(bytes, { limits: { slices: 1 } })).rejects.toMatchObject({ code: 'limit-exceeded' });
    await expect(loadAll(bytes, { limits: { slices: 2, sliceVoxels: 12 } })).resolves.toHaveLength(2);
  });

  it('stops a bomb early, in the voxels and behind them', async () => {
    // 512 MiB of zeros in half a megabyte.
    const dim = [3, 1024, 1024, 256, 1, 1, 1, 1];
    const voxels = gzipSync(fakeNifti({ dim, body: zeros(2 ** 29) }));
    expect(voxels.length).toBeLessThan(600_000);
    const behind = gzipSync(Buffer.concat([fakeNifti(), zeros(2 ** 29)]));
    for (const bomb of [voxels, behind]) {
      let pieces = 0;
      const read = function* () {
        for (const piece of chop(bomb, 1000)) {
          pieces++;
          yield piece;
        }
      };
      await expect(loadAll(read())).rejects.toMatchObject({ code: 'limit-exceeded' });
      // 64 MiB came out before it was told from a scan; the rest was not read.
      expect(pieces).toBeLessThan(bomb.length / 1000 / 4);
    }
  });

  it('lets what is packed well but small pass', async () => {
    const dim = [3, 512, 512, 100, 1, 1, 1, 1];
    await expect(loadAll(gzipSync(fakeNifti({ dim, body: zeros(512 * 512 * 200) })))).resolves.toHaveLength(100);
  });
});

describe('limits of time', () => {
  /** A source that gives the first bytes of a scan and no more. */
  const stalling = () => {
    const bytes = fakeNifti();
    const source = new Readable({ read() {} });
    source.push(bytes.subarray(0, bytes.length - 4));
    return source;
  };

  it('ends a scan whose bytes stop coming', async () => {
    const source = stalling();
    await expect(
      runScan(source, { file: 'slow.nii', limits: { stall: 0.05 } }, chain<Slice>(), drain),
    ).rejects.toMatchObject({
      code: 'timed-out',
      message:
        'slow.nii: no byte came for 0.05 s, so what sends the scan has stalled; send it again (`limits.stall` waits longer).',
    });
    expect(source.destroyed).toBe(true);
  });

  it('ends a scan that takes too long, and does not take it for an abort', async () => {
    const source = stalling();
    await expect(
      runScan(source, { file: 'slow.nii', limits: { seconds: 0.05 } }, chain<Slice>(), drain),
    ).rejects.toMatchObject({
      code: 'timed-out',
      message: expect.stringMatching(/^slow\.nii: was not done after 0\.05 s/),
    });
    const controller = new AbortController();
    const running = runScan(stalling(), { limits: { seconds: 10 }, signal: controller.signal }, chain<Slice>(), drain);
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: 'aborted' });
    await expect(runScan(stalling(), { signal: AbortSignal.abort() }, chain<Slice>(), drain)).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('holds nothing of a scan whose source failed while its bytes were being worked on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const broken = load();
      // No slice yet, so that nothing stops the work on them.
      broken.write(fakeNifti().subarray(0, 100));
      broken.destroy(new Error('the line went dead'));
      await finished(broken).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not count the time that the reader takes', async () => {
    const slow = async function* () {
      yield fakeNifti();
    };
    const reader = chain<Slice>().observe(() => new Promise((resolve) => setTimeout(resolve, 120)));
    expect(await runScan(slow(), { limits: { stall: 0.05 } }, reader, all())).toHaveLength(2);
  });
});

it('refuses limits that are none', () => {
  expect(limitsOf()).toEqual(DEFAULT_LIMITS);
  expect(limitsOf({ slices: 5, bytes: undefined })).toEqual({ ...DEFAULT_LIMITS, slices: 5 });
  for (const wrong of [{ slices: 0 }, { slices: -1 }, { ratio: Number.NaN }, { toString: 5 }, { depth: 5 }])
    expect(() => limitsOf(wrong as object)).toThrow(expect.objectContaining({ code: 'usage' }));
});
