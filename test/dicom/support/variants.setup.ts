import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { MODEL, segcanary } from '../../support/cli.js';
import { oracle } from './tools.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Folder with the series of test/oracle/dicom_variants.py, and `detector/`, which was fitted to
     * NIfTI files of the same phantom: SimpleITK wrote them, so that their axes run LPS.
     */
    variants: string;
  }
}

/** Makes the series, and fits and calibrates the detector that scores them. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-dicom-'));
  const leave = () => rmSync(folder, { recursive: true, force: true });
  try {
    await oracle('dicom_variants.py', folder);
    const detector = join(folder, 'detector');
    for (const args of [
      ['fit', '-m', MODEL, '-i', join(folder, 'train'), '-o', detector],
      ['calibrate', '-d', detector, '-i', join(folder, 'held-out')],
    ]) {
      const ran = await segcanary(args);
      if (ran.code !== 0) throw new Error(`segcanary ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr}`);
    }
  } catch (error) {
    leave();
    throw error;
  }
  project.provide('variants', folder);
  return leave;
}
