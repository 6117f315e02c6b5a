/**
 * The proof that a change of the code changed no result: another checkout's command line and this
 * one's run over the same scans, and every byte that they write is compared. Seconds and memory in
 * an evaluation are measurements and left out; fields that detector.json gained, what errors say
 * beside their code, comments in the script of a report, and what an image says of itself are
 * listed and do not fail.
 *
 *     npm run same-results -- OTHER_CHECKOUT [--scans FOLDER_OR_FILE ...] [--demo FOLDER]
 *                             [--parts fit,demo,scans,plans,http]
 *
 * The other checkout is built, and its demo has run or lies elsewhere (`--demo`). `--scans` are
 * scored and segmented by the demo's network. Both run in temporary folders, at once, a thread
 * each.
 */
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withFolder } from './lab.js';
import { isMain, table } from './program.js';
import { answersOf } from './same-results/answers.js';
import { checkout, outputsOf, type Step } from './same-results/checkouts.js';
import { fitSteps, givenSteps, scanSteps } from './same-results/commands.js';
import { type Comparison, compare, type Outputs } from './same-results/compare.js';
import { demoIn } from './same-results/demo.js';
import { planSteps } from './same-results/plans.js';

export const PARTS = ['fit', 'demo', 'scans', 'plans', 'http'] as const;
export type Part = (typeof PARTS)[number];

export interface SameResultsOptions {
  /** The root of the older checkout. */
  readonly other: string;
  /** A folder that a demo left. @default demo-out of the other checkout */
  readonly demo?: string;
  /** More scans, files and folders. */
  readonly scans?: readonly string[];
  /** @default all */
  readonly parts?: readonly Part[];
  readonly onCompared?: (compared: Compared) => void;
}

export interface Compared extends Comparison {
  readonly artefact: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

export function sameResults({
  other,
  demo,
  scans = [],
  parts = PARTS,
  onCompared,
}: SameResultsOptions): Promise<Compared[]> {
  return withFolder(async (folder) => {
    const before = checkout(other, join(folder, 'before'));
    const after = checkout(ROOT, join(folder, 'after'));
    const shown = demoIn(resolve(demo ?? join(before.root, 'demo-out')));
    const compared: Compared[] = [];
    const judge = (artefact: string, one: Outputs, two: Outputs) => {
      const found = { artefact, ...compare(one, two) };
      compared.push(found);
      onCompared?.(found);
    };
    const both = async (steps: readonly Step[]) => {
      for (const step of steps)
        judge(step.artefact, ...(await Promise.all([outputsOf(step, before, true), outputsOf(step, after, false)])));
    };
    const model = join(before.root, 'examples/phantom/model');
    const inputs = { demo: shown, model, folder };
    const served = { detector: shown.detector, model, scan: shown.scans('shifted')[0] };
    const work: Record<Part, () => Promise<void>> = {
      fit: () => both(fitSteps(inputs)),
      demo: () => both(scanSteps(inputs)),
      scans: () => both(givenSteps(inputs, scans.flatMap(filesOf))),
      plans: async () => both(await planSteps(join(before.root, 'test/fixtures/segment'), folder)),
      http: async () => judge('HTTP', ...(await Promise.all([answersOf(before, served), answersOf(after, served)]))),
    };
    for (const part of parts) await work[part]();
    return compared;
  });
}

/** Scans of a folder, or a file alone, by whole paths: commands run elsewhere. */
function filesOf(path: string): string[] {
  const at = resolve(path);
  if (!statSync(at).isDirectory()) return [at];
  return readdirSync(at)
    .filter((name) => /\.nii(\.gz)?$/.test(name))
    .sort()
    .map((name) => join(at, name));
}

if (isMain(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { demo: { type: 'string' }, scans: { type: 'string', multiple: true }, parts: { type: 'string' } },
  });
  const [other, ...more] = positionals;
  if (other === undefined) {
    console.error('Name the checkout to compare with: npm run same-results -- OTHER_CHECKOUT [--scans FILE …]');
    process.exit(2);
  }
  const parts = values.parts?.split(',') ?? PARTS;
  const unknown = parts.find((part) => !PARTS.includes(part as Part));
  if (unknown !== undefined) {
    console.error(`There is no part ${unknown}; there are ${PARTS.join(', ')}.`);
    process.exit(2);
  }
  const compared = await sameResults({
    other,
    parts: parts as Part[],
    demo: values.demo,
    // `--scans a b c`: all but the first arrive as arguments of their own.
    scans: [...(values.scans ?? []), ...more],
    onCompared: ({ artefact, different }) => console.error(`${artefact}: ${different[0] ?? 'equal'}`),
  });
  const rows = compared.map(({ artefact, files, bytes, different, noted }) => [
    artefact,
    files,
    bytes,
    different.length === 0 ? 'equal' : `${different.length} DIFFERENT`,
    noted.length === 0 ? '' : `${noted.length} noted`,
  ]);
  console.log(table(['compared', 'files', 'bytes', 'found', ''], rows));
  const lines = (key: 'different' | 'noted') =>
    compared.flatMap((found) => found[key].map((line) => `${found.artefact}: ${line}`));
  if (lines('noted').length > 0) console.log(`\nMay differ:\n${lines('noted').join('\n')}`);
  if (lines('different').length > 0) {
    console.log(`\nDifferent:\n${lines('different').join('\n')}`);
    process.exitCode = 1;
  }
}
