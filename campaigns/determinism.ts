/**
 * The same input gives the same bytes: across runs, across the place of a scan in a batch, from
 * stdin and from a file. Across numbers of threads, and across the order of the scans of a fit,
 * floating point sums otherwise: by how much is measured. What is found is in docs/determinism.md.
 *
 *     npm run determinism -- [-m MODEL]
 */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { segcanary } from '../test/support/cli.js';
import { writeScan } from '../test/support/scans.js';
import { type Difference, difference, type Outputs } from './difference.js';
import { mustRun, SMALL_MODEL, withFolder } from './lab.js';
import { isMain, table } from './program.js';

export interface Comparison extends Difference {
  readonly command: string;
  readonly what: string;
  /** Whether a byte that differs is a fault. */
  readonly exact: boolean;
}

export interface DeterminismOptions {
  /** @default the small one of the fixtures */
  readonly model?: string;
  readonly commands?: readonly ('fit' | 'score' | 'segment')[];
  /** Voxels [z, y, x]. */
  readonly shape?: readonly [number, number, number];
}

export function determinism(options: DeterminismOptions = {}): Promise<Comparison[]> {
  const { model = SMALL_MODEL, commands = ['fit', 'score', 'segment'], shape = [20, 44, 44] } = options;
  return withFolder(async (folder) => {
    const scans: string[] = [];
    for (let i = 0; i < 7; i++)
      scans.push(await writeScan({ path: join(folder, `s${i}_0000.nii.gz`), seed: i, shape }));
    const [train, heldOut, fresh] = [scans.slice(0, 3), scans.slice(3, 5), scans.slice(5)];
    let runs = 0;
    const within = () => {
      const path = join(folder, `run-${runs++}`);
      mkdirSync(path);
      return path;
    };
    const fit = async (inputs: readonly string[], threads: number) => {
      const cwd = within();
      await mustRun(['fit', '-q', '-m', model, '-i', ...inputs, '-o', 'detector', '--threads', `${threads}`], cwd);
      return join(cwd, 'detector');
    };
    const batch = async (command: string[], inputs: readonly string[], threads: number) => {
      const cwd = within();
      await mustRun([...command, '-q', '-i', ...inputs, '-o', 'out', '--threads', `${threads}`], cwd);
      return join(cwd, 'out');
    };
    const found: Comparison[] = [];
    const compare = (command: string, what: string, exact: boolean, a: Outputs, b: Outputs) =>
      found.push({ command, what, exact, ...difference(a, b) });

    const detector = await fit(train, 1);
    if (commands.includes('fit')) {
      const base = outputs(detector);
      compare('fit', 'another run', true, base, outputs(await fit(train, 1)));
      compare('fit', '2 threads, another run', true, outputs(await fit(train, 2)), outputs(await fit(train, 2)));
      compare('fit', '1 and 2 threads', false, base, outputs(await fit(train, 2)));
      compare('fit', 'scans in reverse', false, base, outputs(await fit([...train].reverse(), 1)));
    }
    await mustRun(['calibrate', '-q', '-d', detector, '-i', ...heldOut, '--threads', '1']);
    const inOut = { score: ['score', '-d', detector], segment: ['segment', '-m', model, '-d', detector] };
    for (const name of ['score', 'segment'] as const) {
      if (!commands.includes(name)) continue;
      const command = inOut[name];
      const base = outputs(await batch(command, fresh, 1));
      compare(name, 'another run', true, base, outputs(await batch(command, fresh, 1)));
      const two = outputs(await batch(command, fresh, 2));
      compare(name, '2 threads, another run', true, two, outputs(await batch(command, fresh, 2)));
      compare(name, '1 and 2 threads', false, base, two);
      compare(name, '1 and 4 threads', false, base, outputs(await batch(command, fresh, 4)));
      const reversed = outputs(await batch(command, [...fresh].reverse(), 1));
      compare(name, 'scans in reverse', true, eachCase(base), eachCase(reversed));
      const alone = outputs(await batch(command, fresh.slice(1), 1));
      const last = basename(fresh[1]).replace(/_0000.*/, '');
      compare(name, 'alone and in a batch', true, eachCase(base, last), eachCase(alone));
      const piped = await pipe([...command, '--case', last], fresh[1], name);
      compare(name, 'stdin and a file', true, only(alone, piped), piped);
    }
    return found;
  });
}

/** The scan on stdin, the volume on stdout, the score on stderr. */
async function pipe(command: string[], scan: string, name: 'score' | 'segment'): Promise<Outputs> {
  const at = command.indexOf('--case') + 1;
  const to = name === 'score' ? ['--mask', '-'] : ['-o', '-'];
  const ran = await segcanary([...command, '-q', '-i', '-', ...to, '--threads', '1'], { stdin: readFileSync(scan) });
  if (ran.code !== 0) throw new Error(`segcanary ${command.join(' ')}: ${ran.stderr}`);
  const { segmentation: _, voxels: __, ...line } = JSON.parse(ran.stderr) as Record<string, unknown>;
  // Only a line of `score` says that it has no quality; its file does not.
  const { quality: ___, ...alone } = line;
  const score = name === 'score' ? alone : line;
  const volume = name === 'score' ? `${command[at]}_uncertainty.nii.gz` : `${command[at]}.nii.gz`;
  return new Map([
    [volume, ran.stdout],
    [`${command[at]}.json`, Buffer.from(`${JSON.stringify(score, null, 2)}\n`)],
  ]);
}

const outputs = (folder: string): Outputs =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));

/** What is written of one scan each, and not of all together. */
const eachCase = (all: Outputs, name = ''): Outputs =>
  new Map([...all].filter(([file]) => file.startsWith(name) && !/^(scores\.csv|summary\.json)$/.test(file)));

const only = (all: Outputs, names: Outputs): Outputs => new Map([...all].filter(([file]) => names.has(file)));

if (isMain(import.meta.url)) {
  const { values } = parseArgs({ options: { model: { type: 'string', short: 'm' } } });
  // What nnU-Net was trained on is larger than the small network's patch.
  const comparisons = await determinism(values.model ? { model: values.model, shape: [36, 72, 72] } : {});
  const rows = comparisons.map(({ command, what, exact, files, relative, labels }) => [
    `${command}: ${what}`,
    files.length === 0 ? 'same bytes' : exact ? 'DIFFERENT' : 'close',
    files.length === 0 ? '' : relative.toExponential(1),
    labels === 0 ? '' : labels,
    files.join(' '),
  ]);
  console.log(table(['compared', 'found', 'relative', 'labels', 'files that differ'], rows));
  if (comparisons.some(({ exact, files }) => exact && files.length > 0)) process.exitCode = 1;
}
