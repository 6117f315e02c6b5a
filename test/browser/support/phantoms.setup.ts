import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { cohort } from '../../../examples/phantom/cohort.js';
import { writePhantom } from '../../../examples/phantom/write.js';
import { MODEL, segcanary } from '../../support/cli.js';
import { giveQuality } from '../../support/quality.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Folder with `detector/`, `default/` and `scans/`: test_000.nii.gz, which is as in training,
     * and low-dose_2.nii.gz, which is not. `detector/` judges every stage; `default/` is what `fit`
     * makes without an option, and knows what Dice to expect.
     */
    phantoms: string;
  }
}

const SENT = ['test_000', 'low-dose_2'];

/**
 * Fits and calibrates two detectors on the demo's phantoms, and writes the scans that the page is
 * given.
 */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-browser-'));
  for (const name of ['train', 'calibration', 'scans']) mkdirSync(join(folder, name));
  for (const item of cohort({ train: 6, calibration: 6, test: 1, shifted: 1 })) {
    const isSent = SENT.includes(item.name);
    if (!isSent && item.group !== 'train' && item.group !== 'calibration') continue;
    await writePhantom(item.make(), join(folder, isSent ? 'scans' : item.group, `${item.name}.nii.gz`));
  }
  const [detector, byDefault] = [join(folder, 'detector'), join(folder, 'default')];
  for (const args of [
    ['fit', '-m', MODEL, '--detector', 'multi-layer', '-i', join(folder, 'train'), '-o', detector],
    ['calibrate', '-d', detector, '-i', join(folder, 'calibration')],
    ['fit', '-m', MODEL, '-i', join(folder, 'train'), '-o', byDefault],
    ['calibrate', '-d', byDefault, '-i', join(folder, 'calibration')],
  ]) {
    const ran = await segcanary(args);
    if (ran.code !== 0) throw new Error(`segcanary ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr}`);
  }
  await giveQuality(byDefault, join(MODEL, 'model.onnx'));
  project.provide('phantoms', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
