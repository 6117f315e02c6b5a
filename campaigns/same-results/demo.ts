import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a demo left: scans by their group, and its detector. */
export interface Demo {
  readonly detector: string;
  /** The tensor that the detector reads. */
  readonly tap: string;
  scans(group: 'train' | 'calibration' | 'test' | 'shifted' | 'truth'): readonly string[];
}

/** @throws Error where the folder is not a demo's */
export function demoIn(folder: string): Demo {
  const detector = join(folder, 'detector');
  let description: { tap: { name: string } };
  try {
    description = JSON.parse(readFileSync(join(detector, 'detector.json'), 'utf8'));
  } catch (error) {
    throw new Error(`${detector} holds no detector: run \`npm run demo\` there, or give a folder of one as --demo.`, {
      cause: error,
    });
  }
  return {
    detector,
    tap: description.tap.name,
    scans: (group) =>
      readdirSync(join(folder, 'scans', group))
        .sort()
        .map((name) => join(folder, 'scans', group, name)),
  };
}
