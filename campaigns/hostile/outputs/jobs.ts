import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { openDetector } from '../../../src/detectors/opened.js';
import { loadDetector } from '../../../src/detectors/saved.js';
import type { ScanInput } from '../../../src/jobs/inputs.js';
import { scoreScans } from '../../../src/jobs/score.js';
import { closeInference } from '../../../src/network/inference/session.js';
import { isFailure } from '../../../src/results.js';
import type { Ring, Trial } from '../attack.js';
import { filesBelow, halves, witness } from './witness.js';

const TRIALS = 60;

/**
 * A program that scores two or three scans and says of each where its mask goes: onto a scan, its
 * own or another one, through links, to one place for all, under a name that cannot be. Every scan
 * stays as it is, every mask is whole and of its own scan, and of a scan that failed there is none.
 */
export async function* jobTrials({ lab, folder, dice, share }: Ring): AsyncGenerator<Trial> {
  const detector = await openDetector(await loadDetector(lab.detector), { inference: { threads: 1 } });
  try {
    const expected = new Map<string, Buffer>();
    for (const scan of lab.scans) {
      const mask = join(folder, `expected-${basename(scan)}`);
      for await (const _ of scoreScans({ detector, inputs: [{ case: 'x', file: scan }], mask: () => mask }));
      expected.set(scan, readFileSync(mask));
    }
    for (let i = 0; i < Math.max(4, TRIALS * share); i++) {
      const root = join(folder, `job-${i}`);
      for (const name of ['in', 'out']) mkdirSync(join(root, name), { recursive: true });
      const inputs: ScanInput[] = [];
      const sources = new Map<string, string>();
      for (const name of ['a', 'b', 'c'].slice(0, dice.int(2, 3))) {
        const source = dice.pick(lab.scans);
        const file = join(root, 'in', `${name}.nii.gz`);
        copyFileSync(source, file);
        if (dice.chance(0.2)) writeFileSync(file, readFileSync(source).subarray(0, dice.int(0, 4000)));
        else sources.set(name, source);
        inputs.push({ case: name, file });
      }
      const files = inputs.map(({ file }) => file);
      const targets = new Map(inputs.map(({ case: name }) => [name, targetOf(name, root, files, dice)]));
      const unchanged = witness(files);
      const wrong: string[] = [];
      const masks = new Set<string>();
      let refused = 0;
      for await (const result of scoreScans({ detector, inputs, mask: (name) => targets.get(name) })) {
        const name = result.case;
        const path = targets.get(name) ?? '';
        if (isFailure(result)) {
          refused++;
          if (result.error.code === 'internal') wrong.push(result.error.message);
          continue;
        }
        if (masks.has(path)) wrong.push(`${path} is the mask of two`);
        masks.add(path);
      }
      for (const { case: name } of inputs) {
        const [path, source] = [targets.get(name) ?? '', sources.get(name)];
        const mask = masks.has(path) ? readFileSync(path) : null;
        const isOwn = source !== undefined && mask?.equals(expected.get(source) ?? Buffer.alloc(0));
        const others = inputs.filter((one) => one.case !== name && targets.get(one.case) === path);
        if (mask && !isOwn && others.length === 0) wrong.push(`${path} is not the mask of ${name}`);
        const isInput = files.includes(path) || filesBelow(join(root, 'in')).includes(path);
        if (!mask && others.length === 0 && !isInput && existsSync(path) && path.startsWith(join(root, 'out', 'old')))
          wrong.push(`${path} is there, and ${name} failed`);
      }
      wrong.push(...unchanged(), ...halves(join(root, 'out'), files), ...halves(join(root, 'in'), files));
      const what = `job ${i}: ${[...targets.values()].map((path) => path.slice(root.length, root.length + 40)).join(', ')}`;
      if (wrong.length > 0) yield { what, outcome: 'finding', why: wrong.join('; ') };
      else yield { what, outcome: refused > 0 ? 'refused' : 'harmless', why: refused > 0 ? 'scans alone' : 'masks' };
      rmSync(root, { recursive: true });
    }
  } finally {
    await closeInference();
  }
}

function targetOf(name: string, root: string, files: readonly string[], dice: Ring['dice']): string {
  const out = (file: string) => join(root, 'out', file);
  const [own, other] = [join(root, 'in', `${name}.nii.gz`), dice.pick(files)];
  switch (dice.int(0, 14)) {
    case 0:
      return own;
    case 1:
      return other;
    case 2:
      return `${root}/out/../in/${basename(other)}`;
    case 3:
      symlinkSync(other, out(`link-${name}.nii.gz`));
      return out(`link-${name}.nii.gz`);
    case 4:
      linkSync(other, out(`hard-${name}.nii.gz`));
      return out(`hard-${name}.nii.gz`);
    case 5:
      return out('same.nii.gz');
    case 6:
      return out(`${'n'.repeat(dice.pick([200, 230, 248, 249, 300]))}.nii.gz`);
    case 7:
      mkdirSync(out(`folder-${name}.nii.gz`));
      return out(`folder-${name}.nii.gz`);
    default:
      // What an earlier run has left there goes, or is replaced.
      copyFileSync(other, out(`old-${name}.nii.gz`));
      return out(`old-${name}.nii.gz`);
  }
}
