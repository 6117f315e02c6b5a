import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { apart, differing, readVoxels, theirVoxels } from './support/read.js';
import { filesBelow, fresh, variant } from './support/runs.js';
import { tool } from './support/tools.js';

describe('voxels', () => {
  it.each(['base', 'shuffled', 'j2k', 'oblique', 'slopes', 'mr'])('2: of %s are those of pydicom', async (series) => {
    const [own, theirs] = [await readVoxels(variant(series)), await theirVoxels('voxels', variant(series))];
    expect(own.shape).toEqual(theirs.shape);
    expect(differing(own.voxels, theirs.voxels)).toBe(0);
  });

  it.each([
    ['enhanced-ct', 'base'],
    ['enhanced-mr', 'mr'],
  ])('2: of %s are those of the single frames that it was made of', async (enhanced, single) => {
    const [own, theirs] = [await readVoxels(variant(enhanced)), await theirVoxels('voxels', variant(single))];
    expect(own.shape).toEqual(theirs.shape);
    expect(differing(own.voxels, theirs.voxels)).toBe(0);
  });

  it('5: of near-lossless JPEG-LS are those of pydicom, within two of what was compressed', async () => {
    const folder = fresh();
    for (const path of filesBelow(variant('base')))
      await tool('dcmcjpls', ['+en', '+un', path, join(folder, basename(path))]);
    const [own, base] = [await readVoxels(folder), await readVoxels(variant('base'))];
    expect(differing(own.voxels, (await theirVoxels('voxels', folder)).voxels)).toBe(0);
    expect(apart(own.voxels, base.voxels)).toBeLessThanOrEqual(2);
  });

  it('17: under a slope that varies by slice are those of dcm2niix', async () => {
    const out = fresh();
    await tool('dcm2niix', ['-b', 'n', '-z', 'n', '-f', 'x', '-o', out, variant('slopes')]);
    const own = await readVoxels(variant('slopes'));
    const theirs = await theirVoxels('nifti_voxels', join(out, 'x.nii'));
    expect(own.shape).toEqual(theirs.shape);
    // Both computed in float32, in whatever order: values reach 1,024.
    expect(apart(own.voxels, theirs.voxels)).toBeLessThan(2e-4);
    expect(own.voxels.some((value, i) => value !== own.voxels[0] && i > 0)).toBe(true);
  });
});
