import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { jsonLines, type Ran } from '../../../test/support/cli.js';
import type { Dice } from '../../dice.js';
import { type Lab, SMALL_MODEL } from '../../lab.js';

/** What a layout is made with. */
export interface Making {
  /** A path in the folder of the trial. */
  at(...parts: string[]): string;
  readonly dice: Dice;
  readonly lab: Lab;
  /** Runs the command line before the trial itself. */
  run(...args: string[]): Promise<Ran>;
}

/** A command over a layout, and what may come of it. */
export interface Made {
  readonly args: readonly string[];
  readonly codes: readonly number[];
  /** Files outside of the folder that are read. Every file in it is an input. */
  readonly reads: readonly string[];
  /** Files in it that the command is there to write anew. */
  readonly replaces?: readonly string[];
  /** Folder of the results, in the trial's. */
  readonly output?: string;
  /** File that is opened as stdin. */
  readonly stdin?: string;
  /** What else is wrong. */
  check?(ran: Ran): string[];
}

export interface Layout {
  readonly name: string;
  make(making: Making): Promise<Made>;
}

const model = ['-m', SMALL_MODEL];
const detectorOf = ({ lab }: Making) => ['-d', lab.detector];
const usage = { codes: [2], reads: [] };

/** Scans of these names in a folder. */
function scans({ at, lab }: Making, folder: string, ...names: string[]): void {
  mkdirSync(at(folder), { recursive: true });
  for (const [i, name] of names.entries()) copyFileSync(lab.scans[i % lab.scans.length], at(folder, `${name}.nii.gz`));
}

/** Another way to name a folder. */
function spelled({ at, dice }: Making, folder: string): string {
  if (!existsSync(at('link'))) symlinkSync(at(folder), at('link'));
  return dice.pick([folder, `${folder}/`, `./${folder}`, `${folder}/../${folder}`, at(folder), 'link', 'link/']);
}

const expectNames = (folder: string, ...names: string[]): string[] => {
  const found = existsSync(folder) ? readdirSync(folder).sort() : [];
  return found.join() === names.toSorted().join() ? [] : [`${folder} holds ${found.join()} and not ${names.join()}`];
};

export const LAYOUTS: readonly Layout[] = [
  {
    name: 'segment into its own scans',
    async make(making) {
      scans(making, 's', 'a', 'b');
      const args = ['segment', ...model, '-i', 's', '-o', spelled(making, 's')];
      return { args: making.dice.chance(0.5) ? args : [...args, ...detectorOf(making)], ...usage };
    },
  },
  {
    name: 'a mask onto a scan',
    async make(making) {
      const { at, dice } = making;
      scans(making, 's', 'a');
      symlinkSync(at('s/a.nii.gz'), at('soft.nii.gz'));
      linkSync(at('s/a.nii.gz'), at('hard.nii.gz'));
      const mask = dice.pick([at('s/a.nii.gz'), 's/../s/a.nii.gz', 'soft.nii.gz', 'hard.nii.gz']);
      return { args: ['score', ...detectorOf(making), '-i', 's/a.nii.gz', '--mask', mask], ...usage };
    },
  },
  {
    name: 'a mask onto the other half of a pair, a further channel, or the detector',
    async make(making) {
      const { at, dice, lab } = making;
      scans(making, 's', 'a_0000', 'a_0001');
      const bytes = gunzipSync(readFileSync(lab.scans[0]));
      const header = Buffer.from(bytes.subarray(0, 348));
      header.write('ni1\0', 344, 'latin1');
      header.writeFloatLE(0, 108);
      mkdirSync(at('p'));
      writeFileSync(at('p/p.hdr'), header);
      writeFileSync(at('p/p.img'), bytes.subarray(352));
      cpSync(lab.detector, at('d'), { recursive: true });
      const [link, read, input] = dice.pick([
        ['x.nii', at('p/p.img'), 'p/p.hdr'],
        ['x.nii', at('p/p.hdr'), 'p/p.img'],
        ['x.nii.gz', at('s/a_0001.nii.gz'), 's'],
        ['x.nii', at('d/detector.json'), 's/a_0000.nii.gz'],
        ['x.nii', at('d/encoder.onnx'), 's/a_0000.nii.gz'],
      ] as const);
      if (dice.chance(0.5)) symlinkSync(read, at(link));
      else linkSync(read, at(link));
      return { args: ['score', '-d', 'd', '-i', input, '--mask', link], ...usage };
    },
  },
  {
    name: 'cases whose files would be one',
    async make(making) {
      const [one, other] = making.dice.pick([
        ['x', 'x_uncertainty'],
        ['x', 'x_probabilities'],
        ['y_uncertainty', 'y_uncertainty_uncertainty'],
        ['summary', 'x'],
      ]);
      scans(making, 's', one, other);
      const more = ['--save-probabilities', ...detectorOf(making)];
      return { args: ['segment', ...model, '-i', 's', '-o', 'out', ...more], ...usage };
    },
  },
  {
    name: 'a case that is called as a file of the detector or the model',
    async make(making) {
      const { at, dice, lab } = making;
      const [name, folder] = dice.pick([
        ['detector', 'd'],
        ['plans', 'm'],
        ['dataset', 'm'],
      ] as const);
      scans(making, 's', name);
      cpSync(lab.detector, at('d'), { recursive: true });
      cpSync(SMALL_MODEL, at('m'), { recursive: true });
      return { args: ['segment', '-m', 'm', '-d', 'd', '-i', 's', '-o', folder], ...usage };
    },
  },
  {
    name: 'a second run over its own results',
    async make(making) {
      const { at, dice } = making;
      scans(making, 's', 'a_0000', 'b_0000');
      const args = dice.chance(0.5)
        ? ['score', ...detectorOf(making), '-i', 's', '-o', 's']
        : ['segment', ...model, ...detectorOf(making), '-i', 's', '-o', 's', '--save-probabilities'];
      const first = await making.run(...args);
      const written = readdirSync(at('s'))
        .filter((name) => !name.includes('_0000'))
        .map((name) => at('s', name));
      return {
        args,
        codes: [0],
        reads: [],
        replaces: written,
        output: 's',
        check: (ran) =>
          ran.stdout.equals(first.stdout) && ran.stderr.includes('that segcanary made')
            ? []
            : ['the second run is another, or says nothing'],
      };
    },
  },
  {
    name: 'a case that fails now',
    async make(making) {
      const { at, dice } = making;
      scans(making, 's', 'a', 'b');
      const args = ['segment', ...model, ...detectorOf(making), '-i', 's', '-o', 'out', '--save-probabilities'];
      await making.run(...args);
      const scan = readFileSync(at('s/a.nii.gz'));
      writeFileSync(at('s/a.nii.gz'), scan.subarray(0, dice.int(0, scan.length - 20)));
      writeFileSync(at('out/a_notes.nii.gz'), 'of the user');
      const written = readdirSync(at('out')).filter((name) => name !== 'a_notes.nii.gz');
      const ofB = ['b.json', 'b.nii.gz', 'b_probabilities.nii.gz', 'b_uncertainty.nii.gz'];
      return {
        args,
        codes: [3],
        reads: [],
        replaces: written.map((name) => at('out', name)),
        check: () => expectNames(at('out'), 'a.json', 'a_notes.nii.gz', ...ofB, 'scores.csv', 'summary.json'),
      };
    },
  },
  {
    name: 'a mask of a scan that fails now',
    async make(making) {
      scans(making, 's', 'a');
      const args = ['score', ...detectorOf(making), '-i', 's/a.nii.gz', '--mask', 'mask.nii.gz'];
      await making.run(...args);
      appendFileSync(making.at('s/cut.nii.gz'), readFileSync(making.at('s/a.nii.gz')).subarray(0, 2000));
      copyFileSync(making.at('s/cut.nii.gz'), making.at('s/a.nii.gz'));
      const mask = making.at('mask.nii.gz');
      return {
        args,
        codes: [1],
        reads: [],
        replaces: [mask],
        check: () => (existsSync(mask) ? ['the mask of the run before is there'] : []),
      };
    },
  },
  {
    name: 'names that are too long',
    async make(making) {
      const { at, dice } = making;
      const long = dice.pick(['n'.repeat(240), '\u00fc'.repeat(120), 'n'.repeat(247)]);
      scans(making, 's', 'a', long, 'z');
      return {
        args: ['score', ...detectorOf(making), '-i', 's', '-o', 'out'],
        codes: [3],
        reads: [],
        output: 'out',
        check: (ran) => {
          const { failed, scans: all } = JSON.parse(readFileSync(at('out/summary.json'), 'utf8'));
          const told = jsonLines(ran).filter((line) => 'error' in line).length;
          return failed === 1 && all === 3 && told === 1 ? [] : [`${failed} of ${all} failed, ${told} told`];
        },
      };
    },
  },
  {
    name: 'a name that just fits',
    async make(making) {
      const name = 'n'.repeat(255 - '_uncertainty.nii.gz'.length);
      scans(making, 's', name);
      return {
        args: ['score', ...detectorOf(making), '-i', 's', '-o', 'out'],
        codes: [0],
        reads: [],
        output: 'out',
        check: () =>
          expectNames(making.at('out'), `${name}.json`, `${name}_uncertainty.nii.gz`, 'scores.csv', 'summary.json'),
      };
    },
  },
  {
    name: 'names that are formulas, and names of two forms',
    async make(making) {
      const { at, dice } = making;
      const formula = dice.pick(["=cmd|'x'!A1", '+1', '@SUM(1)', '-1+1', "'=1", '\t=1']);
      const names = [formula, '\u00e9', 'e\u0301', 'X', 'x'];
      scans(making, 's', ...names);
      return {
        args: ['score', ...detectorOf(making), '-i', 's', '-o', 'out'],
        // On a file system that takes two of them for one, there are fewer scans, or a refusal.
        codes: [0],
        reads: [],
        output: 'out',
        check: (ran) => {
          const csv = readFileSync(at('out/scores.csv'), 'utf8');
          const raw = csv.split('\n').filter((line) => /^"?[=+\-@\t]/.test(line));
          const cases = new Set(jsonLines(ran).map((line) => line.case));
          return [
            ...raw.map((line) => `a formula: ${line}`),
            ...(cases.size === readdirSync(at('s')).length ? [] : ['a case is missing']),
          ];
        },
      };
    },
  },
  {
    name: 'names that are no UTF-8, or steer a terminal',
    async make(making) {
      const { at, lab } = making;
      scans(making, 's', 'a', 'b\n=c', '\u001b[2J');
      const bytes = (name: number[]) => Buffer.concat([Buffer.from(`${at('s')}/`), Buffer.from(name)]);
      const ending = [...Buffer.from('.nii.gz')];
      copyFileSync(lab.scans[0], bytes([0x61, 0xff, ...ending]));
      copyFileSync(lab.scans[0], bytes([0x61, 0xfe, ...ending]));
      return {
        args: ['score', '-v', ...detectorOf(making), '-i', 's', '-o', 'out'],
        codes: [3],
        reads: [],
        output: 'out',
        check: (ran) =>
          jsonLines(ran).length === 4 && ran.stderr.includes('is not UTF-8') ? [] : ['it is not named for what it is'],
      };
    },
  },
  {
    name: 'results inside the scans',
    async make(making) {
      const { at, dice } = making;
      scans(making, 's', 'a');
      const out = dice.pick(['s/out', 's/a', 's/deep/er']);
      const args = ['score', ...detectorOf(making), '-i', 's', '-o', out];
      const files = ['a.json', 'a_uncertainty.nii.gz', 'scores.csv', 'summary.json'];
      return { args, codes: [0], reads: [], output: out, check: () => expectNames(at(out), ...files) };
    },
  },
  {
    name: 'a folder of results that cannot be',
    async make(making) {
      scans(making, 's', 'a');
      const out = making.dice.pick(['s/a.nii.gz', 's/a.nii.gz/deep', '/proc/segcanary', '/dev/null']);
      return { args: ['score', ...detectorOf(making), '-i', 's', '-o', out], codes: [1], reads: [] };
    },
  },
  {
    name: 'a folder where a result would go',
    async make(making) {
      const { at, dice } = making;
      scans(making, 's', 'a', 'b');
      const name = dice.pick(['a.json', 'a_uncertainty.nii.gz', 'a.nii.gz']);
      mkdirSync(at('out', name), { recursive: true });
      writeFileSync(at('out', name, 'kept'), 'of the user');
      const args = ['segment', ...model, ...detectorOf(making), '-i', 's', '-o', 'out'];
      return { args, codes: [3], reads: [], output: 'out' };
    },
  },
  {
    name: 'copies among the scans',
    async make(making) {
      const { at, dice } = making;
      scans(making, 's', 'x');
      const args = ['simulate', '-i', 's', '-o', spelled(making, 's'), '--shift', 'low-dose', '--grade', '1', '2'];
      if (dice.chance(0.5)) {
        scans(making, 's', 'x', 'x_low-dose-2');
        return { args, ...usage };
      }
      const first = await making.run(...args);
      const written = readdirSync(at('s')).filter((name) => name !== 'x.nii.gz');
      return {
        args,
        codes: [0],
        reads: [],
        replaces: written.map((name) => at('s', name)),
        output: 's',
        check: (ran) => (ran.stdout.equals(first.stdout) ? [] : ['copies were copied']),
      };
    },
  },
  {
    name: 'a detector over what it is fitted with',
    async make(making) {
      const { at, dice, lab } = making;
      cpSync(lab.detector, at('d'), { recursive: true });
      const train = ['-i', ...lab.train];
      const [network] = readdirSync(SMALL_MODEL, { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('model.onnx'));
      copyFileSync(join(SMALL_MODEL, network), at('d/network_0.onnx'));
      symlinkSync(at('d'), at('link'));
      const plans = ['-p', join(SMALL_MODEL, 'plans.json'), '-c', '3d_fullres'];
      const args = dice.pick([
        ['fit', '-m', 'd/network_0.onnx', ...plans, ...train, '-o', 'd', '--cache', 'cache'],
        ['fit', '-m', 'link/network_0.onnx', ...plans, ...train, '-o', 'd', '--cache', 'cache'],
        ['fit', ...model, ...train, '-o', 'd', '--cache', 'd/cache'],
        ['fit', ...model, ...train, '-o', 'new', '--cache', 'new'],
      ]);
      return { args, codes: [2], reads: lab.train };
    },
  },
  {
    name: 'an evaluation over its cohort',
    async make(making) {
      const { at, dice, lab } = making;
      const name = dice.pick(['cases.csv', 'results.csv', 'harmful.csv']);
      mkdirSync(at('out'));
      copyFileSync(lab.cohort, at('out', name));
      const args = ['evaluate', `out/${name}`, ...model, '-o', spelled(making, 'out'), '--resamples', '20'];
      return { args, ...usage };
    },
  },
  {
    name: 'stdin is the file that would be written',
    async make(making) {
      const { at, dice } = making;
      scans(making, 'out', 'x');
      const args = dice.chance(0.5)
        ? ['segment', ...model, '-i', '-', '--case', 'x', '-o', 'out']
        : ['score', ...detectorOf(making), '-i', '-', '--mask', 'out/x.nii.gz'];
      return { args, stdin: at('out/x.nii.gz'), ...usage };
    },
  },
];
