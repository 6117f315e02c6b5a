import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { loadDetector, openDetector, SegcanaryError, scoreScan } from '../../dist/index.js';
import { Dice } from '../dice.js';
import type { Workshop } from '../workshop.js';
import { type Slope, slopeOf } from './slope.js';

export interface SoakOptions {
  readonly workshop: Workshop;
  readonly scans: number;
  readonly seed: number;
  /** Masks and temporary files go here. */
  readonly folder: string;
}

export interface SoakReport {
  /** Of the resident set, kB a scan, after the first tenth. */
  readonly slope: Slope;
  /** MB. */
  readonly mean: number;
  /** How many scans ended how. */
  readonly endings: Readonly<Record<string, number>>;
  /** What was not there before. */
  readonly left: readonly string[];
}

/** Good scans, and among them some that are cut short, some that are noise, some that are aborted, with masks and without: what a server sees. */
export async function soak({ workshop, scans, seed, folder }: SoakOptions): Promise<SoakReport> {
  const detector = await openDetector(await loadDetector(workshop.detector), { threads: 1 });
  const good = readFileSync(workshop.scan);
  const tmpdir = join(folder, 'tmp');
  const mask = join(folder, 'mask.nii.gz');
  writeFileSync(mask, '');
  mkdirSync(tmpdir, { recursive: true });
  const endings: Record<string, number> = {};
  const resident: number[] = [];
  let before: ReadonlySet<string> = new Set();
  for (let i = 0; i < scans; i++) {
    const dice = new Dice(`${seed}/soak/${i}`);
    // The first scans open the worker and the network.
    if (i === Math.min(20, scans >> 1)) before = await held(folder, tmpdir);
    const kind = dice.int(0, 10 - 1);
    const bytes = kind === 0 ? good.subarray(0, dice.int(0, good.length - 1)) : kind === 1 ? noise(good, dice) : good;
    const aborting = kind === 2 ? AbortSignal.timeout(dice.int(0, 60 - 1)) : undefined;
    const ending = await scoreScan(Readable.from(pieces(bytes)), {
      detector,
      tmpdir,
      ...(kind >= 7 && { mask }),
      ...(aborting && { signal: aborting }),
      case: `scan_${i}`,
    }).then(
      ({ verdict }) => verdict,
      (error: unknown) => {
        if (error instanceof SegcanaryError) return error.code;
        throw error;
      },
    );
    endings[ending] = (endings[ending] ?? 0) + 1;
    resident.push(process.memoryUsage.rss() / 1024);
  }
  const after = await held(folder, tmpdir);
  const settled = resident.slice(Math.floor(scans / 10));
  return {
    slope: slopeOf(settled),
    mean: settled.reduce((sum, kb) => sum + kb, 0) / settled.length / 1024,
    endings,
    left: [...after].filter((what) => !before.has(what)),
  };
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384);
}

function noise(bytes: Buffer, dice: Dice): Buffer {
  const out = Buffer.from(bytes);
  for (let at = 352; at + 1 < out.length; at += 2) out.writeInt16LE(dice.int(0, 4000 - 1) - 1000, at);
  return out;
}

/** Open files beyond the usual, resources that keep the loop busy, files on disk; with numbers where there are several of a kind. */
async function held(folder: string, tmpdir: string): Promise<Set<string>> {
  // What has been let go is collected in a later turn of the loop.
  for (let i = 0; i < 20; i++) await turn();
  const found = new Set<string>();
  const count = (what: readonly string[]) => {
    const seen: Record<string, number> = {};
    for (const name of what) {
      seen[name] = (seen[name] ?? 0) + 1;
      found.add(`${name} ${seen[name]}`);
    }
  };
  count(process.getActiveResourcesInfo().map((name) => `resource ${name}`));
  if (process.platform === 'linux') count(readdirSync('/proc/self/fd').map(() => 'open file'));
  count([...readdirSync(tmpdir), ...readdirSync(folder)].map((name) => `file ${name}`));
  return found;
}
