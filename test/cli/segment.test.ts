import { createReadStream, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { parseHeader } from '../../src/formats/nifti/header.js';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { voxelBytes } from '../support/voxel-bytes.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'segment-'));

describe('segcanary segment', () => {
  it('writes labels in the geometry of the scan, and the score that segcanary score gives', async () => {
    const output = join(fresh(), 'out');
    const ran = await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', scan, '-o', output]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    const [{ segmentation, voxels, ...result }] = jsonLines(ran) as [Record<string, unknown>];
    expect(segmentation).toBe(join(output, 'held-out_2.nii.gz'));

    const mask = join(fresh(), 'mask.nii.gz');
    const [scored] = jsonLines(await segcanary(['score', '-d', detector, '-i', scan, '--mask', mask]));
    const { score, worstPatch, uncertainty, ...rest } = scored as Record<string, never>;
    expect(result).toMatchObject(rest);
    expect(result.score as number).toBeCloseTo(score, 2);
    expect(Math.abs((result.score as number) / score - 1)).toBeLessThan(1e-5);
    expect((result.worstPatch as { centre: number[] }).centre).toEqual((worstPatch as { centre: number[] }).centre);
    expect(readdirSync(output).sort()).toEqual([
      'held-out_2.json',
      'held-out_2.nii.gz',
      'held-out_2_uncertainty.nii.gz',
      'scores.csv',
      'summary.json',
    ]);
    const floats = (gz: Buffer) => new Float32Array(Uint8Array.from(voxelBytes(gz)).buffer);
    const [one, two] = [
      floats(readFileSync(join(output, 'held-out_2_uncertainty.nii.gz'))),
      floats(readFileSync(mask)),
    ];
    one.forEach((v, i) => {
      if (!(Math.abs(v - two[i]) <= 1e-4)) throw new Error(`${v} for ${two[i]} at ${i}`);
    });

    const written = readFileSync(segmentation as string);
    const header = (bytes: Buffer) => parseHeader(new Uint8Array(gunzipSync(bytes)), { name: 'x' });
    expect(header(written).geometry).toEqual(header(readFileSync(scan)).geometry);
    expect(header(written).dataType).toBe('uint8');
    const counts: Record<string, number> = {};
    for (const label of voxelBytes(written)) counts[label] = (counts[label] ?? 0) + 1;
    expect(voxels).toEqual(counts);
  });

  it('gives the same bytes for a file, for a pipe and without a detector', async () => {
    const output = fresh();
    const plain = await segcanary(['segment', '-m', MODEL, '-i', scan, '-o', output]);
    expect(jsonLines(plain)).toMatchObject([{ case: 'held-out_2', patches: 8, segmentation: expect.any(String) }]);
    expect(readdirSync(output)).toEqual(['held-out_2.nii.gz']);
    const piped = await segcanary(['segment', '-m', MODEL, '-d', detector, '-i', '-', '-o', '-'], {
      stdin: createReadStream(scan),
    });
    expect(piped.stdout.equals(readFileSync(join(output, 'held-out_2.nii.gz')))).toBe(true);
    expect(JSON.parse(piped.stderr)).toMatchObject({ case: 'stdin', verdict: expect.any(String), segmentation: null });
  });

  it('says in one sentence what is wrong, before it begins', async () => {
    const output = join(fresh(), 'out');
    const cases: [string[], number, RegExp][] = [
      [['-i', scan, scan.replace('_2_', '_1_'), '-o', '-'], 2, /-o - takes one scan/],
      [['-i', scan, '-o', output, '--fail-on-ood'], 2, /-d/],
      [['-i', scan, '-o', output, '--folds', '0,3,0'], 2, /once/],
      [['-i', scan, '-o', output, '--folds', 'a'], 2, /whole number/],
      [['-i', scan, '-o', output, '-d', detector, '--step-size', '0.7'], 2, /0.5 of a patch/],
      [['-i', scan, '-o', output, '-d', join(workshop, 'nowhere')], 1, /nowhere/],
    ];
    for (const [args, code, message] of cases) {
      const ran = await segcanary(['segment', '-m', MODEL, ...args]);
      expect([ran.code, args], ran.stderr).toEqual([code, args]);
      expect(ran.stderr).toMatch(message);
      expect(
        ran.stderr
          .trim()
          .split('\n')
          .filter((line) => !line.startsWith('(')).length,
      ).toBe(1);
    }
  });
});
