import { execFileSync } from 'node:child_process';
import { copyFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveInputs } from '../../src/jobs/inputs.js';
import { hashInput } from '../../src/jobs/open-input.js';
import { dataDir, dataFile } from '../support/data.js';
import { temporaryFolder } from '../support/folder.js';

const key = 'key of the tests';
const RTSTRUCT = 'dicom/ibsi_STS_019_CT_dicom_rtstruct.tgz';
const LUNG = 'dicom/lungdx_A0002_B40f_30slices_explicitLE.tgz';

/** Slices, matrix and spacing as dcm2niix and SimpleITK have them. */
describe.skipIf(dataDir === null)('real series, in their archives as they were published', () => {
  it.each([
    [RTSTRUCT, [47, 134, 136], 3.27, ['Set aside: radiotherapy structure sets (1); they are no scans.']],
    [LUNG, [30, 512, 512], 8, []],
  ])('%s', async (archive, shape, spacing, aside) => {
    const [input, ...more] = await resolveInputs([dataFile(archive)], undefined, { key });
    expect(more).toEqual([]);
    expect(input.series?.[0].notes.map(({ message }) => message)).toEqual(aside);
    const volume = await input.series?.[0].volume();
    expect(volume?.shape).toEqual(shape);
    expect(volume?.spacing[0]).toBeCloseTo(spacing, 5);
  });

  it('are the same scan unpacked, shuffled and renamed', async () => {
    const [folder, shuffled] = [await temporaryFolder(), await temporaryFolder()];
    execFileSync('tar', ['-xzf', dataFile(LUNG), '-C', folder]);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const [i, { parentPath, name }] of files.entries())
      copyFileSync(join(parentPath, name), join(shuffled, `${(i * 13) % files.length}`));
    const inputs = [];
    for (const path of [dataFile(LUNG), folder, shuffled])
      inputs.push(...(await resolveInputs([path], undefined, { key })));
    expect(new Set(inputs.map((input) => input.case)).size).toBe(1);
    expect(new Set(await Promise.all(inputs.map((input) => hashInput(input)))).size).toBe(1);
  });
});
