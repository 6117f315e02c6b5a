import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, SMALL_MODEL } from './lab.js';

/**
 * A command as the campaigns run it: in a folder of its own, with outputs under relative names, so
 * that equal runs give equal bytes.
 */
export interface Command {
  readonly name: string;
  readonly args: readonly string[];
  /** Folders that it writes, and that a watcher wants to be there. */
  readonly writes: readonly string[];
  /** The folder that is there whole or not at all, where the command writes one. */
  readonly atomicFolder?: string;
  /** What has to be there before. */
  prepare(work: string): void;
}

export function commandsOf({ train, heldOut, scans, cohort, fitted, detector }: Lab): Command[] {
  const one = ['--threads', '1'];
  const folders = (...names: string[]) => ({
    writes: names,
    prepare: (work: string) => {
      for (const name of names) mkdirSync(join(work, name), { recursive: true });
    },
  });
  const model = ['-m', SMALL_MODEL];
  return [
    {
      name: 'fit',
      args: ['fit', ...model, '-i', ...train, '-o', 'detector', ...one],
      atomicFolder: 'detector',
      ...folders('detector.cache'),
    },
    {
      name: 'calibrate',
      args: ['calibrate', '-d', 'detector', '-i', ...heldOut, ...one],
      writes: ['detector'],
      prepare: (work) => cpSync(fitted, join(work, 'detector'), { recursive: true }),
    },
    { name: 'score', args: ['score', '-d', detector, '-i', ...scans, '-o', 'out', ...one], ...folders('out') },
    {
      name: 'segment',
      args: ['segment', ...model, '-d', detector, '-i', ...scans, '-o', 'out', '--save-probabilities', ...one],
      ...folders('out'),
    },
    {
      name: 'evaluate',
      args: ['evaluate', cohort, ...model, '-o', 'out', '--resamples', '20', ...one],
      ...folders('out', 'out.cache'),
    },
  ];
}
