import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Grid, Slice } from '../../../src/chunks.js';
import { SegcanaryError } from '../../../src/errors.js';
import { openScan } from '../../../src/formats/open.js';
import { type LoadOptions, load } from '../../../src/stages/load.js';
import fixture from '../../fixtures/nifti/real.json' with { type: 'json' };
import { dataDir, dataFile } from '../../support/data.js';
import { loadAll } from '../../support/nifti.js';

/** What nibabel said; see test/oracle/nibabel_tricky.py. */
interface Reading {
  readonly error?: string;
  readonly type?: string;
  readonly shape: readonly number[];
  readonly zooms: readonly number[];
  readonly affine: readonly number[];
  readonly voxels: readonly number[][];
  readonly sum: number;
  readonly sumOfMagnitudes: number;
  readonly volume1?: Reading;
}
const readings = fixture as unknown as Record<string, Reading>;

/**
 * Every file of tricky/, and what comes of it: `read`, or the code of the one sentence. Nothing
 * else is tolerated.
 */
const expectedOutcomes: Record<string, string> = {
  'nifti-reader-js/5D_small.nii': 'nifti-unsupported',
  'nifti-reader-js/5D_zeros.nii.gz': 'nifti-unsupported',
  'nifti-reader-js/air.hdr.gz': 'read',
  'nifti-reader-js/air.img.gz': 'read',
  'nifti-reader-js/air2.hdr.gz': 'read',
  'nifti-reader-js/air2.img.gz': 'read',
  'nifti-reader-js/avg152T1_LR_nifti.nii': 'read',
  'nifti-reader-js/avg152T1_LR_nifti.nii.gz': 'read',
  'nifti-reader-js/avg152T1_LR_nifti2.nii.gz': 'read',
  'nifti-reader-js/big.nii.gz': 'read',
  'nifti-reader-js/little.nii.gz': 'read',
  'nifti-reader-js/not-nifti.nii': 'nifti-invalid',
  'nifti-reader-js/with_extension.nii.gz': 'read',
  'niivue/ASL.nii.gz': 'read',
  'niivue/IPL.nii.gz': 'read',
  'niivue/IRA.nii.gz': 'read',
  'niivue/LAS.nii.gz': 'read',
  'niivue/LPS.nii.gz': 'read',
  'niivue/PIL.nii.gz': 'read',
  'niivue/RAS.nii.gz': 'read',
  'niivue/SAR.nii.gz': 'read',
  'niivue/Thalamus_paqd_rgba.nii.gz': 'nifti-unsupported',
  'niivue/complex_image.nii.gz': 'nifti-unsupported',
  'niivue/ct_perfusion.nii.gz': 'nifti-unsupported',
  'niivue/hippo.nii.gz': 'read',
  'niivue/labels256.nii.gz': 'read',
  'niivue/low_res.nii.gz': 'read',
  'niivue/mha.mha': 'nifti-invalid',
  'niivue/minimal.nii.gz': 'read',
  'niivue/ras.hdr': 'read',
  'niivue/ras.img': 'read',
  'niivue/shear.nii.gz': 'read',
};
const others = Object.keys(readings).filter((name) => !name.startsWith('tricky/') && name !== 'mri/pcasl.nii.gz');

/** Streams the scan through `load` and holds it against nibabel's reading. */
async function compare(name: string, reading: Reading, options: LoadOptions = {}): Promise<void> {
  let grid: Grid | null = null;
  let sum = 0;
  let count = 0;
  const seen: number[][] = [];
  await pipeline(await openScan(dataFile(name)), load({ name, ...options }), async (slices: AsyncIterable<Slice>) => {
    for await (const { data, z, grid: itsGrid } of slices) {
      grid = itsGrid;
      expect(z).toBe(count++);
      for (const value of data.data) sum += value;
      for (const [x, y, at] of reading.voxels) if (at === z) seen.push([x!, y!, z, data.get(0, y!, x!)]);
    }
  });
  expect([...grid!.shape].reverse()).toEqual(reading.shape);
  expect(count).toBe(reading.shape[2]);
  expect([...grid!.spacing].reverse()).toEqual(reading.zooms.map((zoom) => expect.closeTo(zoom, 6)));
  expect(grid!.scan.affine).toEqual(reading.affine.map((value) => expect.closeTo(value, 4)));
  const order = (a: readonly number[], b: readonly number[]) => a[2] - b[2] || a[1] - b[1] || a[0] - b[0];
  expect(seen.sort(order)).toEqual([...reading.voxels].sort(order));
  expect(Math.abs(sum - reading.sum)).toBeLessThanOrEqual(1e-9 * reading.sumOfMagnitudes);
}

it('the oracle has read every file that an outcome is expected of', () => {
  const tricky = Object.keys(readings).filter((name) => name.startsWith('tricky/'));
  expect(tricky.map((name) => name.slice('tricky/'.length)).sort()).toEqual(Object.keys(expectedOutcomes).sort());
  expect(others.length).toBeGreaterThanOrEqual(5);
});

describe.runIf(dataDir)('real files', () => {
  it.each(Object.entries(expectedOutcomes))('tricky/%s: %s', async (file, outcome) => {
    const name = `tricky/${file}`;
    if (outcome === 'read') return compare(name, readings[name]);
    const error = await openScan(dataFile(name))
      .then((source) => loadAll(source, { name }))
      .catch((e) => e);
    expect(error).toBeInstanceOf(SegcanaryError);
    expect(error.code).toBe(outcome);
    expect(error.message).toMatch(/^tricky\/[^\n]+\.$/);
    expect(error.message.split('. ')).toHaveLength(1);
  });

  it.each(others)('%s: as nibabel reads it', (name) => compare(name, readings[name]));

  it.each(['tricky/nifti-reader-js/5D_small.nii', 'mri/pcasl.nii.gz'])('%s: volume by volume', async (name) => {
    await compare(name, readings[name], { volume: 0 });
    await compare(name, readings[name].volume1!, { volume: 1 });
  });

  it('cut at ten places, packed and not: one sentence each', async () => {
    const name = 'chest/lungdx_A0001_B_2mm.nii.gz';
    const packed = await readFile(dataFile(name));
    for (const bytes of [packed, gunzipSync(packed)]) {
      for (let i = 0; i < 10; i++) {
        const cut = join(tmpdir(), `segcanary-cut-${process.pid}-${i}.nii.gz`);
        await writeFile(cut, bytes.subarray(0, Math.floor((bytes.length * i) / 10)));
        const error = await openScan(cut)
          .then((source) => loadAll(source, { name: basename(cut) }))
          .catch((e) => e);
        await rm(cut);
        expect(error).toBeInstanceOf(SegcanaryError);
        expect(error.code).toBe('truncated');
        expect(error.message).toMatch(i === 0 ? /nothing in it/ : /ends after \d+ of the \d+ bytes/);
      }
    }
  });
});
