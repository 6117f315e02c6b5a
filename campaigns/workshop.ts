import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeScan } from '../test/support/scans.js';

/** The built command line, and the network of the phantoms. */
export const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
export const MODEL = fileURLToPath(new URL('../examples/phantom/model', import.meta.url));

export interface Workshop {
  /** Folders of small synthetic CTs. */
  readonly train: string;
  readonly heldOut: string;
  /** Fitted to the first and calibrated with the second. */
  readonly detector: string;
  /** One of the second, uncompressed. */
  readonly scan: string;
}

/** Small scans, and a detector that the built command line makes of them. */
export async function makeDetector(
  folder: string,
  shape: readonly [number, number, number] = [20, 40, 40],
): Promise<Workshop> {
  const [train, heldOut, detector] = ['train', 'held-out', 'detector'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const [dir, first] of [
    [train, 0],
    [heldOut, 100],
  ] as const) {
    mkdirSync(dir, { recursive: true });
    for (let i = 0; i < 4; i++)
      await writeScan({ path: join(dir, `scan_${first + i}.nii.gz`), seed: first + i, shape });
  }
  const scan = join(folder, 'scan.nii');
  await writeScan({ path: scan, seed: 200, shape });
  run('fit', '-q', '-m', MODEL, '-i', train, '-o', detector);
  run('calibrate', '-q', '-d', detector, '-i', heldOut);
  return { train, heldOut, detector, scan };
}

function run(...args: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`segcanary ${args.join(' ')} exited with ${status}: ${stderr}`);
}
