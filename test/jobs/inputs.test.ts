import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { resolveInputs } from '../../src/jobs/inputs.js';
import { simulateScan } from '../../src/jobs/simulate.js';
import type { Warning } from '../../src/results.js';
import { shiftsFor } from '../../src/simulate/registry.js';
import { temporaryFolder } from '../support/folder.js';

const scan = join(inject('workshop'), 'held-out', 'held-out_2_0000.nii.gz');

it('copies are scans, but not where more copies are made, and truths are none', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 's'));
  const at = (name: string) => join(folder, 's', name);
  const [shift] = shiftsFor('ct');
  const how = { case: 'a', file: scan, shift, grade: 1, seed: 0 } as const;
  await copyFile(scan, at('a.nii.gz'));
  await simulateScan({ ...how, to: at('b.nii.gz') });
  await simulateScan({ ...how, of: 'truth', to: at('b_label.nii.gz') });
  const resolved = async (paths: string[], withoutCopies?: boolean) => {
    const told: [string, Warning][] = [];
    const onWarning = (warning: Warning, name: string) => told.push([name, warning]);
    const inputs = await resolveInputs(paths, undefined, { withoutCopies, onWarning });
    return [inputs.map((input) => input.case), ...told.flatMap(([name, { code, message }]) => [name, code, message])];
  };
  const folderOfThem = join(folder, 's');
  const left = (what: string) => `It holds ${what}, left out; name one by itself to take it all the same.`;
  expect(await resolved([folderOfThem])).toEqual([
    ['a', 'b'],
    folderOfThem,
    'own-results',
    left('an image that segcanary made (b_label.nii.gz: labels)'),
  ]);
  expect(await resolved([folderOfThem], true)).toEqual([
    ['a'],
    folderOfThem,
    'own-results',
    left('2 images that segcanary made (b.nii.gz: simulated scan, …)'),
  ]);
  // Named by itself, everything is taken.
  expect(await resolved([at('b_label.nii.gz'), at('b.nii.gz')], true)).toEqual([['b_label', 'b']]);
  await expect(simulateScan({ ...how, file: at('a.nii.gz'), to: at('a.nii.gz') })).rejects.toMatchObject({
    code: 'usage',
    option: 'output',
  });
});

it('a folder of nothing but results says so', async () => {
  const folder = await temporaryFolder();
  const [shift] = shiftsFor('ct');
  await simulateScan({ case: 'a', file: scan, shift, grade: 1, of: 'truth', to: join(folder, 'a.nii') });
  await expect(resolveInputs([folder])).rejects.toMatchObject({
    code: 'usage',
    message: `${folder}: holds no scans, only an image that segcanary made (a.nii: labels); name one by itself to take it all the same.`,
  });
});
