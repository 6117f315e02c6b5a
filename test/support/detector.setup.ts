import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { MODEL, segcanary } from './cli.js';
import { writeScan } from './scans.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /**
     * Folder with `train/`, `held-out/` and `detector/`, made by the built command line before the
     * tests.
     */
    workshop: string;
  }
}

/** Fits and calibrates one small detector that the end-to-end tests share. */
export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
  for (const [name, first, count] of [
    ['train', 0, 6],
    ['held-out', 100, 5],
  ] as const) {
    mkdirSync(join(folder, name));
    for (let i = 0; i < count; i++)
      await writeScan({ path: join(folder, name, `${name}_${i}_0000.nii.gz`), seed: first + i });
  }
  const detector = join(folder, 'detector');
  for (const args of [
    ['fit', '-m', MODEL, '-i', join(folder, 'train'), '-o', detector],
    ['calibrate', '-d', detector, '-i', join(folder, 'held-out')],
  ]) {
    const ran = await segcanary(args);
    if (ran.code !== 0) throw new Error(`segcanary ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr}`);
  }
  project.provide('workshop', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
