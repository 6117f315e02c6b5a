import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Slice } from '../../src/chunks.js';
import type { ImageReader } from '../../src/plan.js';
import { runScan } from '../../src/scans/run.js';
import { chain } from '../../src/stages/chain.js';
import { all, drain } from '../../src/stages/collectors.js';
import { fakeNifti } from '../support/nifti.js';

it("reads by the rules of the plan's reader, and by nibabel's with units honoured where there is no plan", async () => {
  const first = async (imageReader?: ImageReader) => {
    const source = Readable.from([fakeNifti({ inter: 7, units: 3 })], { objectMode: false });
    const options = imageReader && { plan: { reader: 'as-stored' as const, imageReader } };
    const [slice] = await runScan(source, { ...options }, chain<Slice>(), all());
    return [slice.data.get(0, 0, 0), slice.grid.spacing[2]];
  };
  expect(await first('simpleitk')).toEqual([7, 0.0005]);
  expect(await first('nibabel')).toEqual([0, 0.5]);
  expect(await first()).toEqual([0, 0.0005]);
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

  it.each([3_000_000, Number.POSITIVE_INFINITY])('waits %d s and more, which no timer can', async (seconds) => {
    const source = stalling();
    setTimeout(() => {
      source.push(fakeNifti().subarray(-4));
      source.push(null);
    }, 30);
    expect(await runScan(source, { limits: { stall: seconds, seconds } }, chain<Slice>(), all())).toHaveLength(2);
  });

  it('does not count the time that the reader takes', async () => {
    const slow = async function* () {
      yield fakeNifti();
    };
    const reader = chain<Slice>().observe(() => new Promise((resolve) => setTimeout(resolve, 120)));
    expect(await runScan(slow(), { limits: { stall: 0.05 } }, reader, all())).toHaveLength(2);
  });
});
