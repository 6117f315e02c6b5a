import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { SegcanaryError } from '../../../src/errors.js';
import { makeFolder, writeFileAtomically } from '../../../src/files/atomic.js';
import { type Output, Outputs, outputOf, outputOfAll } from '../../../src/jobs/outputs.js';
import type { Dice } from '../../dice.js';
import type { Ring, Trial } from '../attack.js';
import { filesBelow, halves, witness } from './witness.js';

const TRIALS = 400;

/** Names that meet each other, or a limit. */
const NAMES = [
  'a',
  'A',
  'a_uncertainty',
  'a_uncertainty_uncertainty',
  'summary',
  'scores',
  'detector',
  '\u00e9',
  'e\u0301',
  '\u00c9',
  '=cmd',
  '-1',
  'a\nb',
  '\u001b[2J',
  '\ufffd',
  'a.nii',
  ' ',
  'n'.repeat(220),
  'n'.repeat(240),
  'n'.repeat(251),
  '\u00fc'.repeat(125),
];
/** Where outputs go: folders that are the inputs' own, under another name, or elsewhere. */
const TARGETS = [
  'in',
  'in/',
  'in/../in',
  './in/.',
  'link',
  'link/../in',
  'deep/..',
  'out',
  'in/out',
  'other',
  'new/deep',
];

/**
 * Layouts of inputs and outputs, made of real files and links: what is planned is written for good,
 * and then every input has to be as it was, and every output to hold what was written to it. What
 * is refused has to have a reason that is seen on the disk.
 */
export async function* planTrials({ folder, dice, share }: Ring): AsyncGenerator<Trial> {
  for (let i = 0; i < Math.max(8, TRIALS * share); i++) {
    const root = join(folder, `plan-${i}`);
    mkdirSync(root);
    yield await tryPlan(root, dice, i);
    rmSync(root, { recursive: true });
  }
}

async function tryPlan(root: string, dice: Dice, i: number): Promise<Trial> {
  const names = layOut(root, dice);
  const inputs = filesBelow(join(root, 'in')).filter((path) => /\.(nii|hdr|img)/.test(path));
  const files = filesBelow(join(root, 'other')).filter(() => dice.chance(0.5));
  const target = `${root}/${dice.pick(TARGETS)}`;
  const outputs = outputsInto(target, names, dice);
  const what = `layout ${i}: ${outputs.length} outputs of ${names.length} names into ${target.slice(root.length)}`;
  const unchanged = witness([...inputs, ...files]);
  const before = filesBelow(root).length;
  let planned: Outputs;
  try {
    planned = await Outputs.plan({ inputs: inputs.map((file) => ({ file })), files }, outputs);
  } catch (error) {
    if (!(error instanceof SegcanaryError)) return finding(what, error);
    if (filesBelow(root).length !== before) return finding(what, 'a refusal left files');
    const why = reasonOf(outputs, [...inputs, ...files]);
    return why ? { what, outcome: 'refused', why } : finding(what, `refused without a reason: ${error.message}`);
  }
  const written = new Map<string, string>();
  let hindered = 0;
  for (const name of [null, ...names]) {
    try {
      if (name !== null) await planned.claim(name, []);
    } catch {
      hindered++;
      continue;
    }
    for (const output of outputs.filter((one) => one.case === name)) {
      try {
        await makeFolder(dirname(output.path));
        await writeFileAtomically(output.path, output.what);
      } catch (error) {
        return finding(what, `claimed, and then ${(error as Error).message}`);
      }
      written.set(output.path, output.what);
    }
  }
  const wrong = unchanged();
  for (const [path, content] of written)
    if (readFileSync(path, 'utf8') !== content) wrong.push(`${path} holds ${readFileSync(path, 'utf8')}`);
  wrong.push(...halves(join(root, 'out')).filter((sentence) => sentence.endsWith('was left')));
  if (wrong.length > 0) return finding(what, wrong.join('; '));
  return { what, outcome: hindered > 0 ? 'refused' : 'harmless', why: hindered > 0 ? 'a case alone' : 'written' };
}

/** Inputs under some of the names, links to them elsewhere, and what stands in the way. */
function layOut(root: string, dice: Dice): string[] {
  for (const name of ['in', 'out', 'other']) mkdirSync(join(root, name));
  symlinkSync(join(root, 'in'), join(root, 'link'));
  mkdirSync(join(root, 'in', 'deep'));
  // Two dots behind it are the inputs' folder, and not the one in which the link lies.
  symlinkSync(join(root, 'in', 'deep'), join(root, 'deep'));
  const names = [...new Set(Array.from({ length: dice.int(1, 5) }, () => dice.pick(NAMES)))];
  for (const name of names) {
    const ending = dice.pick(['.nii', '.nii.gz', '_0000.nii.gz', '.hdr']);
    const path = join(root, 'in', `${name}${ending}`);
    if (Buffer.byteLength(`${name}${ending}`) > 255) continue;
    writeFileSync(path, `scan ${name}`);
    if (ending === '.hdr') writeFileSync(join(root, 'in', `${name}.img`), `voxels ${name}`);
    const elsewhere = join(
      root,
      dice.pick(['out', 'other']),
      `${dice.pick(names)}${dice.pick(['.nii.gz', '.json', '_uncertainty.nii.gz'])}`,
    );
    if (Buffer.byteLength(elsewhere.slice(elsewhere.lastIndexOf('/') + 1)) > 255 || isTaken(elsewhere)) continue;
    const kind = dice.int(0, 5);
    if (kind === 0) symlinkSync(path, elsewhere);
    if (kind === 1) linkSync(path, elsewhere);
    if (kind === 2) mkdirSync(elsewhere);
    if (kind === 3) writeFileSync(elsewhere, 'of an earlier run');
    if (kind === 4) symlinkSync(join(root, 'gone'), elsewhere);
  }
  return names;
}

function outputsInto(folder: string, names: readonly string[], dice: Dice): Output[] {
  const [scores, labels, masks] = [dice.chance(0.7), dice.chance(0.6), dice.chance(0.6)];
  return [
    ...(scores ? [outputOfAll('the scores', `${folder}/scores.csv`)] : []),
    ...(scores ? [outputOfAll('the summary', `${folder}/summary.json`)] : []),
    ...names.flatMap((name) => [
      ...(scores ? outputOf('the result', name, `${folder}/${name}.json`) : []),
      ...(labels ? outputOf('the labels', name, `${folder}/${name}.nii.gz`) : []),
      ...(masks ? outputOf('the mask', name, `${folder}/${name}_uncertainty.nii.gz`) : []),
    ]),
  ];
}

/** What on the disk, or among the names, is a reason to refuse. */
function reasonOf(outputs: readonly Output[], inputs: readonly string[]): string | null {
  const idOf = (path: string) => {
    const { dev, ino } = statSync(path);
    return `${dev}:${ino}`;
  };
  const read = new Set(inputs.map(idOf));
  if (outputs.some(({ path }) => existsSync(path) && read.has(idOf(path)))) return 'an output is an input';
  const names = outputs.map(({ path }) => path);
  if (new Set(names).size < names.length) return 'two outputs are one';
  if (outputs.some(({ path, case: name }) => name === null && existsSync(path) && statSync(path).isDirectory()))
    return 'a folder is in the way of all';
  return null;
}

/** A link that leads nowhere takes a name too. */
const isTaken = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

const finding = (what: string, why: unknown): Trial => ({
  what,
  outcome: 'finding',
  why: why instanceof Error ? (why.stack ?? why.message) : String(why),
});
