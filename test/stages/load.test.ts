import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Slice } from '../../src/chunks.js';
import { SegcanaryError } from '../../src/errors.js';
import { load } from '../../src/stages/load.js';
import synthetic from '../fixtures/nifti/synthetic.json' with { type: 'json' };
import { chop, counting, fakeNifti, loadAll, noise, voxelsOf } from '../support/nifti.js';

const close = (values: readonly number[]) => values.map((v) => expect.closeTo(v, 5));

describe("reads as nibabel does (fixture: nibabel's get_fdata().astype(float32))", () => {
  it.each(synthetic)('$name', async ({ file, values, affine, zooms }) => {
    const bytes = Buffer.from(file, 'base64');
    const slices = await loadAll(bytes, { case: 'synthetic' });
    expect(voxelsOf(slices)).toEqual(values);
    const { scan } = slices[0].grid;
    expect(scan.affine).toEqual(close(affine));
    expect([...scan.spacing].reverse()).toEqual(close(zooms));
    expect(voxelsOf(await loadAll(chop(gzipSync(bytes), 1)))).toEqual(values);
  });
  it('over all 40 combinations', () => expect(new Set(synthetic.map(({ name }) => name)).size).toBe(40));
});

it('gives self-describing slices, z ascending, on the grid of the scan', async () => {
  const slices = await loadAll(fakeNifti(), { case: 'case_1', name: 'case_1_0000.nii' });
  expect(slices.map((slice) => slice.z)).toEqual([0, 1]);
  expect(slices.map((slice) => slice.data.shape)).toEqual([
    [1, 3, 4],
    [1, 3, 4],
  ]);
  expect(slices[1].data.get(0, 2, 3)).toBe(23);
  expect(slices[0].grid).toBe(slices[1].grid);
  expect(slices[0].grid).toMatchObject({
    scan: { case: 'case_1', shape: [2, 3, 4], channels: 1 },
    shape: [2, 3, 4],
    spacing: [2.5, 1.5, 0.5],
    axes: [0, 1, 2],
    flipped: [false, false, false],
    box: { start: [0, 0, 0], stop: [2, 3, 4] },
    separateAxis: null,
  });
  expect(slices[0].grid.statistics).toBeUndefined();
});

const plain = fakeNifti({ voxelOffset: 368 });

const packed = gzipSync(plain);

const expected = Array.from({ length: 24 }, (_, i) => i);

it('does not mind where the bytes are cut', async () => {
  for (const bytes of [plain, packed, fakeNifti({ version: 2, littleEndian: false })]) {
    for (let at = 0; at <= bytes.length; at++) {
      expect(voxelsOf(await loadAll([bytes.subarray(0, at), bytes.subarray(at)].filter((b) => b.length)))).toEqual(
        expected,
      );
    }
    expect(voxelsOf(await loadAll(chop(bytes, 1)))).toEqual(expected);
  }
});

it('reads gzip of several members, empty ones and padding included', async () => {
  const members = chop(plain, 53).map((piece) => gzipSync(piece));
  const whole = Buffer.concat([gzipSync(''), ...members, gzipSync(''), Buffer.alloc(512)]);
  for (const size of [1, 7, 100, 1 << 20]) expect(voxelsOf(await loadAll(chop(whole, size)))).toEqual(expected);
});

it('ignores what follows the last voxel, but not what follows the gzip data', async () => {
  const longer = Buffer.concat([plain, Buffer.alloc(100, 7)]);
  expect(voxelsOf(await loadAll(longer))).toEqual(expected);
  expect(voxelsOf(await loadAll(gzipSync(longer)))).toEqual(expected);
  const trailed = Buffer.concat([packed, Buffer.from('garbage')]);
  for (const size of [1, 10, 1 << 20]) {
    await expect(loadAll(chop(trailed, size))).rejects.toMatchObject({ code: 'gzip-corrupt' });
  }
});

describe('volumes', () => {
  const series = fakeNifti({ dim: [5, 2, 2, 2, 3, 2, 1, 1], body: counting(48) });
  it('takes the one that is asked for, the fourth dimension fastest', async () => {
    for (let volume = 0; volume < 6; volume++) {
      const slices = await loadAll(chop(series, 5), { volume });
      expect(voxelsOf(slices)).toEqual(Array.from({ length: 8 }, (_, i) => 8 * volume + i));
      expect(slices.map((slice) => slice.z)).toEqual([0, 1]);
    }
  });
  it('refuses to choose', async () => {
    await expect(loadAll(series, { name: 'a.nii' })).rejects.toMatchObject({
      code: 'nifti-unsupported',
      message: 'a.nii: the file holds 6 volumes and a scan is one; choose one with `volume`, counted from 0.',
    });
  });
  it('refuses one that is not there', async () => {
    await expect(loadAll(series, { volume: 6 })).rejects.toMatchObject({ code: 'usage' });
    await expect(loadAll(plain, { volume: 1 })).rejects.toThrow('there is no volume 1, the file holds 1');
    for (const volume of [-1, 0.5, Number.NaN]) expect(() => load({ volume })).toThrow(/counted 0, 1, 2/);
  });
  it('wants the volumes after it to be there too', async () => {
    await expect(loadAll(series.subarray(0, -1), { volume: 0 })).rejects.toMatchObject({ code: 'truncated' });
  });
});

describe('refuses', () => {
  it('data cut anywhere, and counts the bytes', async () => {
    for (let at = 0; at < plain.length; at++) {
      const error = await loadAll(chop(plain.subarray(0, at), 100), { name: 'a.nii' }).catch((e) => e);
      expect(error).toBeInstanceOf(SegcanaryError);
      expect(error.code).toBe(at > 0 && at < 4 ? 'nifti-invalid' : 'truncated');
      if (at >= 348)
        expect(error.message).toContain(`ends after ${at} of the ${plain.length} bytes that the header announces`);
    }
  });
  it('gzip cut anywhere', async () => {
    for (let at = 2; at < packed.length; at++) {
      const error = await loadAll(packed.subarray(0, at), { name: 'a.nii.gz' }).catch((e) => e);
      expect([at, error.code, error instanceof SegcanaryError]).toEqual([at, 'truncated', true]);
      expect(error.message).toMatch(/^a\.nii\.gz: /);
    }
  });
  it('nothing at all', async () => {
    for (const empty of [[], [Buffer.alloc(0)], [gzipSync('')]]) {
      await expect(loadAll(empty, { name: 'a' })).rejects.toMatchObject({
        code: 'truncated',
        message: 'a: there is nothing in it, not a single byte; give a .nii or .nii.gz file.',
      });
    }
  });
  it('a wrong checksum, a wrong length, a damaged block', async () => {
    for (const at of [packed.length - 8, packed.length - 1]) {
      const damaged = Buffer.from(packed);
      damaged[at] ^= 1;
      await expect(loadAll(chop(damaged, 10))).rejects.toMatchObject({
        code: 'gzip-corrupt',
        message: /copy the file again\.$/,
      });
    }
    const block = Buffer.from(packed);
    block.fill(0xff, 12, 40);
    await expect(loadAll(block)).rejects.toMatchObject({ code: 'gzip-corrupt' });
  });
  it('NaN and infinity, by slice', async () => {
    const body = new Float32Array(24);
    body[13] = Number.NaN;
    body[14] = Number.POSITIVE_INFINITY;
    const bytes = fakeNifti({ datatype: 16, body: new Uint8Array(body.buffer) });
    await expect(loadAll(bytes, { name: 'a.nii' })).rejects.toMatchObject({
      code: 'non-finite',
      message:
        'a.nii: 2 voxels of slice 1 (the first such slice) are NaN or infinite; replace such voxels before scoring.',
    });
    // Finite in f64, not in f32.
    await expect(loadAll(fakeNifti({ slope: 1e38 }))).rejects.toMatchObject({ code: 'non-finite' });
  });
  it('bytes that are no scan, however short', async () => {
    await expect(loadAll(Buffer.from('{"a":1}'), { name: 'a' })).rejects.toMatchObject({
      code: 'nifti-invalid',
      message: 'a: this is not a NIfTI file, it looks like JSON; give the scan itself.',
    });
    await expect(loadAll(gzipSync(packed))).rejects.toThrow('gzip inside gzip');
  });
});

it('never throws anything but SegcanaryErrors at damaged files, and allocates no more than a slice', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(plain, packed, fakeNifti({ version: 2 })),
      fc.array(fc.tuple(fc.nat(599), fc.nat(255)), { minLength: 1, maxLength: 4 }),
      fc.nat(700),
      async (original, mutations, cut) => {
        const bytes = Buffer.from(original);
        for (const [at, value] of mutations) bytes[at % bytes.length] = value;
        const outcome = await loadAll(chop(bytes.subarray(0, cut || undefined), 64)).catch((error) => error);
        if (!Array.isArray(outcome)) expect(outcome).toBeInstanceOf(SegcanaryError);
      },
    ),
    { numRuns: 2000, seed: 11 },
  );
});

it('does not run ahead of a slow reader', async () => {
  const [depth, size] = [60, 128];
  const body = noise(2 * depth * size * size);
  const bytes = gzipSync(fakeNifti({ dim: [3, size, size, depth, 1, 1, 1, 1], body }));
  let given = 0;
  const source = Readable.from(
    (function* () {
      for (const piece of chop(bytes, 1024)) {
        given += piece.length;
        yield piece;
      }
    })(),
    { objectMode: false, highWaterMark: 1024 },
  );
  await pipeline(source, load(), async (slices: AsyncIterable<Slice>) => {
    for await (const slice of slices) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      // 32 kB a slice; one waits in the stage, up to 128 kB in zlib, 64 kB at the stage's door.
      expect(given).toBeLessThan((slice.z + 3) * 2 * size * size + 300_000);
      if (slice.z === 20) break;
    }
  }).catch((error: Error) => {
    // The break.
    if (error.name !== 'AbortError') throw error;
  });
  expect(given).toBeLessThan(bytes.length / 2);
});

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
