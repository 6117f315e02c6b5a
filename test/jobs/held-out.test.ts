import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { plan } from '../../campaigns/fuzz/targets/detector-parts.js';
import { heldOutImages } from '../../src/jobs/held-out.js';
import { identifyInput, type KnownScan } from '../../src/jobs/identities.js';
import type { ScanInput } from '../../src/jobs/inputs.js';
import type { ScanFailure } from '../../src/results.js';
import { encodingsOf, type Volume } from '../support/encodings.js';
import { temporaryFolder } from '../support/folder.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryFolder();
});
const volumeOf = (seed: number): Volume => ({
  shape: [4, 5, 6],
  spacing: [2.5, 0.7, 0.75],
  values: Array.from({ length: 120 }, (_, i) => (i * 7919 * seed) % 211),
});
/** A file a way in which a scan may be stored. */
async function stored(seed: number): Promise<ScanInput[]> {
  const inputs: ScanInput[] = [];
  for (const { name, files } of encodingsOf(volumeOf(seed))) {
    for (const [ending, bytes] of Object.entries(files))
      await writeFile(join(folder, `${seed}-${name}${ending}`), bytes);
    const [first] = Object.keys(files) as [string];
    inputs.push({ case: `${seed} ${name}`, file: join(folder, `${seed}-${name}${first}`) });
  }
  return inputs;
}
const known = async (input: ScanInput) => (await identifyInput(input)) as KnownScan;
const none = () => {};

describe('heldOutImages', () => {
  it('refuses a scan that the detector was fitted to, however it is stored', async () => {
    const [first, ...others] = (await stored(1)) as [ScanInput, ...ScanInput[]];
    const { bytes, voxels, oriented } = await known(first);
    const description = { plan, trainingScans: [bytes], trainingVoxels: [voxels], trainingOriented: [oriented] };
    expect(others.length).toBeGreaterThan(15);
    for (const input of [first, ...others])
      await expect(heldOutImages({ detector: { description }, inputs: [input] }, none)).rejects.toMatchObject({
        code: 'usage',
        message: `${input.file}: the detector was fitted to this scan; calibrate with scans that it has not seen.`,
      });
    const inputs = await stored(2);
    expect(await heldOutImages({ detector: { description }, inputs: inputs.slice(0, 1) }, none)).toEqual([inputs[0]]);
  });

  it('refuses the same scan twice, twenty times and in whatever two forms', async () => {
    const detector = { description: { plan } };
    const inputs = await stored(3);
    for (const [i, input] of inputs.entries()) {
      const other = inputs[(i + 7) % inputs.length];
      await expect(heldOutImages({ detector, inputs: [input, other] }, none)).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringContaining('is the same scan as'),
      });
    }
    const twenty = Array.from({ length: 20 }, (_, i) => ({ ...inputs[0], case: `${i}` }));
    await expect(heldOutImages({ detector, inputs: twenty }, none)).rejects.toMatchObject({ code: 'usage' });
  });

  it('leaves segmentations out and what cannot be read to whoever reads it', async () => {
    const labels = { ...volumeOf(1), values: Array.from({ length: 120 }, (_, i) => Number(i < 40)) };
    const [{ files }] = encodingsOf(labels);
    await writeFile(join(folder, 'labels.nii'), Object.values(files)[0]);
    await writeFile(join(folder, 'broken.nii'), Object.values(files)[0].subarray(0, 360));
    const [image] = await stored(1);
    const broken = { case: 'broken', file: join(folder, 'broken.nii') };
    const failures: ScanFailure[] = [];
    const inputs = [{ case: 'labels', file: join(folder, 'labels.nii') }, broken, image];
    expect(await heldOutImages({ detector: { description: { plan } }, inputs }, (f) => failures.push(f))).toEqual([
      broken,
      image,
    ]);
    expect(failures.map((failure) => [failure.case, failure.error.code])).toEqual([['labels', 'scan-unsuitable']]);
  });
});
