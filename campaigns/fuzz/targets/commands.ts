import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ErrorCode, SegcanaryError } from '../../../src/errors.js';
import { sha256 } from '../../../src/files/hash.js';
import { Dice } from '../../dice.js';
import { type ChildResult, runCli } from '../child.js';
import { expect, Finding } from '../finding.js';
import { wrongWith } from '../judge.js';
import { plainScan } from '../mutate/nifti.js';
import { mutateOnnx } from '../mutate/onnx.js';
import type { Target } from '../target.js';
import { type Files, mutateDetector, unsealed, writtenDetectors } from './detector.js';
import { models } from './onnx.js';

/** In the name of every file that a child is given. */
const file = 'fuzzed';
const planFile = { patch_size: [8, 16, 16], spacing: [2, 1, 1], normalization_schemes: ['NoNormalization'] };

let root = '';
let bases: Files[] = [];
let cases = 0;

const common = {
  limit: 20_000,
  file,
  /** One a core: more would wait for each other. */
  parallel: 2,
  async open(folder: string) {
    root = folder;
    bases = await writtenDetectors(folder);
    writeFileSync(
      join(root, 'scan.nii'),
      plainScan(new Dice('scan'), { size: [16, 16, 8], spacing: [1, 1, 2], type: 4 }),
    );
    writeFileSync(join(root, 'plan.json'), JSON.stringify(planFile));
  },
};

/** A changed network through `segcanary taps`, which opens it in onnxruntime. */
export const taps: Target = {
  ...common,
  name: 'cli-taps',
  weight: 40,
  run: (dice) =>
    inFolder(async (folder) => {
      const path = join(folder, 'model.onnx');
      writeFileSync(path, mutateOnnx(dice.pick(models), dice).bytes);
      const result = await runCli(['taps', '--ndjson', '-p', join(root, 'plan.json'), path]);
      for (const tap of judgeChild(result)) {
        const { shape, d } = tap as { shape: number[]; d: number };
        expect(shape.length === 4 && shape.every((n) => n > 0) && Number.isSafeInteger(d), `a tap of ${shape}`);
      }
    }),
};

/** A changed detector through `segcanary inspect`. */
export const inspect: Target = {
  ...common,
  name: 'cli-inspect',
  weight: 10,
  run: (dice) =>
    inFolder(async (folder) => {
      write(folder, mutateDetector(dice.pick(bases), dice));
      judgeChild(await runCli(['inspect', '--ndjson', folder]));
    }),
};

/**
 * A tiny scan scored by a changed detector, by one with a changed network in more than half of the
 * cases.
 */
export const score: Target = {
  ...common,
  name: 'cli-score',
  weight: 50,
  run: (dice) =>
    inFolder(async (folder) => {
      const base = dice.pick(bases);
      write(folder, dice.chance(0.6) ? withNetwork(base, dice) : mutateDetector(base, dice));
      const lines = judgeChild(await runCli(['score', '-d', folder, '-i', join(root, 'scan.nii')]));
      for (const line of lines) {
        const { score: value, verdict, patches } = line as { score: number; verdict: string; patches: number };
        expect(Number.isFinite(value) && patches >= 0 && verdict.length > 0, `a score of ${value}, ${verdict}`);
      }
    }),
};

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = join(root, `${file}-${cases++}`);
  mkdirSync(folder);
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function write(folder: string, files: Files): void {
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
}

/** One of its networks changed, and the recorded hash with it. */
function withNetwork(files: Files, dice: Dice): Files {
  const networks = Object.keys(files).filter((name) => name.endsWith('.onnx'));
  if (networks.length === 0) return mutateDetector(files, dice);
  const name = dice.pick(networks);
  const { bytes } = mutateOnnx(files[name], dice);
  const json = new TextDecoder().decode(files['detector.json']).replaceAll(sha256(files[name]), sha256(bytes));
  return { ...files, [name]: bytes, 'detector.json': new TextEncoder().encode(unsealed(json)) };
}

/**
 * The results of a child that did what it was asked.
 *
 * @throws SegcanaryError its refusal; Finding where it was killed, crashed or gave a message that
 *   is none
 */
function judgeChild({ code, killed, stdout, stderr }: ChildResult): object[] {
  if (killed !== null) throw new Finding(`the child was ended: ${killed}; ${stderr.slice(-300)}`);
  const results = linesOf(stdout, 'stdout');
  if (code === 0) {
    expect(results.length > 0, 'the child said nothing');
    return results;
  }
  expect(code !== null && code >= 1 && code <= 3, `exit code ${code}; ${stderr.slice(-300)}`);
  const failure = results.find((line) => 'error' in line) as { error: { code: string; message: string } } | undefined;
  const logged = (linesOf(stderr, 'stderr') as { msg?: string; level?: number }[]).findLast(
    ({ level = 0 }) => level >= 50,
  );
  const message = failure?.error.message ?? logged?.msg ?? '';
  // Errors about the scan name the scan.
  const wrong = wrongWith(message, message.startsWith('scan') || message.includes('scan.nii') ? '' : file);
  expect(
    wrong === null && failure?.error.code !== 'internal',
    `${failure?.error.code ?? ''} the message ${wrong}: ${message.slice(0, 400)}`,
  );
  throw new SegcanaryError(
    (failure?.error.code ?? 'model-invalid') as ErrorCode,
    message.includes(file) ? message : `${file}: ${message}`,
  );
}

function linesOf(text: string, name: string): object[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      try {
        return JSON.parse(line) as object;
      } catch {
        throw new Finding(`${name} holds what is no JSON: ${line.slice(0, 300)}`);
      }
    });
}
