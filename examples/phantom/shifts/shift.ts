import type { Phantom } from '../phantom.js';
import { clamp } from '../shapes.js';

/** One way in which a scan can differ from the training set. One shift is one file. */
export interface Shift {
  readonly name: string;
  /** What the severities mean, for people. */
  readonly grades: readonly [slight: string, clear: string, gross: string];
  /** @param severity 1 slight, 2 clear, 3 gross */
  apply(phantom: Phantom, severity: Severity, seed: number): Phantom;
}

export type Severity = 1 | 2 | 3;

/** A phantom with other voxels, rounded and clipped to what a 12-bit scanner stores. */
export function mapVoxels(phantom: Phantom, map: (hu: number, index: number) => number): Phantom {
  const volume = new Int16Array(phantom.volume.length);
  for (let i = 0; i < volume.length; i++) volume[i] = clamp(Math.round(map(phantom.volume[i], i)), -1024, 3071);
  return { ...phantom, volume };
}
