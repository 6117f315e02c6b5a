import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { segcanary } from '../test/support/cli.js';
import { writeScan } from '../test/support/scans.js';

/**
 * Small enough that a command over a few scans takes a second or two, most of it the start of Node
 * and onnxruntime.
 */
export const SMALL_MODEL = fileURLToPath(
  new URL('../test/fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres', import.meta.url),
);

/**
 * What the campaigns work on: scans, a cohort and a detector, all made by the built command line.
 */
export interface Lab {
  readonly folder: string;
  readonly train: readonly string[];
  readonly heldOut: readonly string[];
  readonly scans: readonly string[];
  /** CSV file. */
  readonly cohort: string;
  /** Fitted, not calibrated. */
  readonly fitted: string;
  /** The same, calibrated. */
  readonly detector: string;
}

const SHAPE = [20, 44, 44] as const;

/** Makes a lab, hands it to `work` and removes it. */
export function withLab<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  return withFolder(async (folder) => work(await makeLab(folder)));
}

/** A folder that is removed again. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-campaign-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function makeLab(folder: string): Promise<Lab> {
  const write = async (name: string, first: number, count: number, modality: 'ct' | 'mr' = 'ct') => {
    mkdirSync(join(folder, name));
    const paths: string[] = [];
    for (let i = 0; i < count; i++) {
      const path = join(folder, name, `${name}${i}_0000.nii.gz`);
      paths.push(await writeScan({ path, seed: first + i, shape: SHAPE, modality }));
    }
    return paths;
  };
  const train = await write('t', 0, 4);
  const heldOut = await write('v', 10, 3);
  const scans = await write('s', 20, 3);
  const foreign = await write('mr', 40, 2, 'mr');
  const [fitted, detector] = [join(folder, 'fitted'), join(folder, 'detector')] as const;
  const cache = ['--cache', join(folder, 'cache'), '--threads', '1'];
  for (const to of [fitted, detector])
    await mustRun(['fit', '-q', '-m', SMALL_MODEL, '-i', ...train, '-o', to, ...cache]);
  await mustRun(['calibrate', '-q', '-d', detector, '-i', ...heldOut, '--threads', '1']);
  const truths = join(folder, 'truths');
  await mustRun(['segment', '-q', '-m', SMALL_MODEL, '-i', ...scans, '-o', truths, '--threads', '1']);
  const label = (i: number) => join(truths, `s${i}.nii.gz`);
  // A truth that the network does not find: then there are failures to rank.
  for (const i of [0, 1]) copyFileSync(label(i), join(truths, `mr${i}.nii.gz`));
  const rows = [
    'case,image,label,split,group,shift,dataset',
    ...train.map((path, i) => `t${i},${path},,train,id,,w`),
    ...heldOut.slice(0, 2).map((path, i) => `v${i},${path},,val,id,,w`),
    ...scans.slice(0, 2).map((path, i) => `s${i},${path},${label(i)},test,id,,w`),
    ...foreign.map((path, i) => `mr${i},${path},${join(truths, `mr${i}.nii.gz`)},test,ood,contrast,w`),
  ];
  const cohort = join(folder, 'cohort.csv');
  writeFileSync(cohort, `${rows.join('\n')}\n`);
  return { folder, train, heldOut, scans, cohort, fitted, detector };
}

/** Runs a command that has to succeed. */
export async function mustRun(args: readonly string[], cwd?: string): Promise<Buffer> {
  const ran = await segcanary(args, { cwd });
  if (ran.code !== 0) throw new Error(`segcanary ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr}`);
  return ran.stdout;
}
