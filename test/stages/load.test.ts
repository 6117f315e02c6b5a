import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Slice } from '../../src/chunks.js';
import { SegcanaryError } from '../../src/errors.js';
import type { Warning } from '../../src/results.js';
import { type LoadOptions, load } from '../../src/stages/load.js';
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

describe('what follows the last voxel', () => {
  const warningsOf = async (bytes: Uint8Array | Uint8Array[], options: LoadOptions = {}) => {
    const warnings: Warning[] = [];
    const slices = await loadAll(bytes, { ...options, onWarning: (warning) => void warnings.push(warning) });
    expect(voxelsOf(slices)).toEqual(expected.map((v) => v + 24 * (options.volume ?? 0)));
    return warnings;
  };

  it.each([
    ['some bytes', Buffer.alloc(100, 7), /^The last voxel .* followed by 100 bytes, of which nothing was read\.$/],
    ['one byte', Buffer.alloc(1, 7), /followed by a byte, of which nothing was read/],
    ['a slice', Buffer.alloc(24, 7), /followed by 24 bytes, as many as a slice has: a part of the scan/],
    ['three slices of zeros', Buffer.alloc(72), /as many as 3 slices have: a part of the scan/],
    ['padding', Buffer.alloc(100), /followed by 100 bytes, all of them zero: padding, or voxels/],
    ['a second file', plain, /begin as another NIfTI file does: only the first of them was read/],
    ['a second file of another version', fakeNifti({ version: 2 }), /begin as another NIfTI file does/],
  ])('is told, packed or not, wherever the bytes are cut: %s', async (_, more, message) => {
    const longer = Buffer.concat([plain, more]);
    for (const bytes of [longer, gzipSync(longer)])
      for (const size of [1, 7, 1 << 20])
        expect(await warningsOf(chop(bytes, size))).toEqual([
          { code: 'trailing-data', message: expect.stringMatching(message) },
        ]);
  });

  it('is nothing where the file ends with it, and other volumes are not', async () => {
    expect(await warningsOf(plain)).toEqual([]);
    const series = fakeNifti({ dim: [4, 4, 3, 2, 3, 1, 1, 1], body: counting(72) });
    for (const volume of [0, 1, 2])
      for (const size of [1, 7, 1 << 20]) expect(await warningsOf(chop(series, size), { volume })).toEqual([]);
    const longer = Buffer.concat([series, Buffer.alloc(24, 7)]);
    for (const volume of [0, 1, 2])
      for (const size of [1, 7, 1 << 20])
        expect(await warningsOf(chop(longer, size), { volume })).toEqual([
          { code: 'trailing-data', message: expect.stringMatching(/followed by 24 bytes/) },
        ]);
  });

  it('is a second scan where two packed ones were put together', async () => {
    expect(await warningsOf(Buffer.concat([packed, packed]))).toMatchObject([{ code: 'trailing-data' }]);
  });
});

it('refuses what follows the gzip data, behind zeros too, wherever the bytes are cut', async () => {
  for (const [trailing, message] of [
    [Buffer.from('garbage'), /damaged/],
    [Buffer.concat([Buffer.alloc(20), Buffer.from('garbage')]), /something follows the zeros/],
    [Buffer.concat([Buffer.alloc(1), packed]), /something follows the zeros/],
  ] as const) {
    const trailed = Buffer.concat([packed, trailing]);
    for (const size of [1, 10, 1 << 20])
      await expect(loadAll(chop(trailed, size))).rejects.toMatchObject({ code: 'gzip-corrupt', message });
    for (let at = packed.length - 2; at <= trailed.length; at++) {
      const pieces = [trailed.subarray(0, at), trailed.subarray(at)].filter((piece) => piece.length > 0);
      await expect(loadAll(pieces)).rejects.toMatchObject({ code: 'gzip-corrupt' });
    }
  }
});

describe('what is wrong with packed bytes', () => {
  const nan = new Float32Array(24).fill(Number.NaN);
  const broken = {
    'voxels that are no numbers': ['non-finite', fakeNifti({ datatype: 16, body: new Uint8Array(nan.buffer) })],
    'a header that cannot be': ['nifti-invalid', fakeNifti({ dim: [9, 4, 3, 2, 1, 1, 1, 1] })],
    'a type that is none': ['nifti-unsupported', fakeNifti({ datatype: 77 })],
    'another format': ['nifti-invalid', Buffer.alloc(500, '{"a": 1} ')],
  } as const;
  it.each(Object.entries(broken))(
    'is %s where the packing is whole, and else the packing',
    async (_, [code, bytes]) => {
      const whole = gzipSync(bytes);
      for (const size of [1, 10, 1 << 20]) {
        await expect(loadAll(chop(whole, size))).rejects.toMatchObject({ code });
        const flipped = Buffer.from(whole);
        flipped[flipped.length - 8] ^= 1;
        await expect(loadAll(chop(flipped, size))).rejects.toMatchObject({ code: 'gzip-corrupt' });
        await expect(loadAll(chop(whole.subarray(0, -4), size))).rejects.toMatchObject({ code: 'truncated' });
      }
    },
  );
  it('never is NaN of a scan that has none, whichever bit of it is changed', async () => {
    const floats = Float32Array.from({ length: 24 }, (_, i) => 1.7 * i);
    const whole = gzipSync(fakeNifti({ datatype: 16, body: new Uint8Array(floats.buffer) }));
    const intact = voxelsOf(await loadAll(whole));
    const counts = { refused: 0, taken: 0 };
    for (let bit = 8 * 10; bit < 8 * whole.length; bit++) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      const outcome = await loadAll(flipped).then(voxelsOf, (error: SegcanaryError) => error.code);
      if (typeof outcome === 'string') {
        counts.refused++;
        expect(['gzip-corrupt', 'truncated']).toContain(outcome);
      } else {
        // Bits on which nothing depends: those of codes that are not used, and of the last byte.
        counts.taken++;
        expect(outcome).toEqual(intact);
      }
    }
    expect(counts.refused).toBeGreaterThan(500);
    expect(counts.taken).toBeLessThan(20);
  });
  it('is told of a header after 32 MiB, so that a large file of another format is not read to its end', async () => {
    const large = gzipSync(Buffer.concat([fakeNifti({ datatype: 77 }), noise(2 ** 20)]), { level: 0 });
    let read = 0;
    const source = function* () {
      yield large.subarray(0, -8);
      yield large.subarray(-8);
      // Members of zeros that never end.
      for (;;) {
        read += 2 ** 24;
        yield gzipSync(Buffer.alloc(2 ** 24));
      }
    };
    await expect(loadAll(source(), { limits: { ratio: 1e6 } })).rejects.toMatchObject({ code: 'nifti-unsupported' });
    expect(read).toBeLessThan(2 ** 27);
  });
});

it('tells of a header that contradicts itself, once, before the first slice', async () => {
  const warnings: Warning[] = [];
  const bytes = fakeNifti({ inter: 7 });
  await loadAll(chop(bytes, 10), {
    case: 'a',
    onWarning: (warning, name) => void warnings.push({ ...warning, message: name }),
  });
  expect(warnings).toEqual([{ code: 'contradicting-header', message: 'a' }]);
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
