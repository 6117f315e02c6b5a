import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify/sync';
import { isAbort } from '../errors.js';
import { makeFolder, writeFileAtomically } from '../files/atomic.js';
import { resolveInputs } from '../jobs/inputs.js';
import { simulateScan } from '../jobs/simulate.js';
import { failureOf } from '../results.js';
import { SHIFT_NAMES, SHIFTS } from '../simulate/registry.js';
import type { Grade } from '../simulate/shift.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { flagsOf, type LimitFlags, withLimitOptions } from './options.js';
import { runSession, type Session } from './session.js';
import { wholeNumber } from './values.js';
import { printed } from './words.js';

interface SimulateFlags extends LimitFlags, LogOptions {
  readonly input: string[];
  readonly shift: readonly string[];
  readonly grade: readonly string[];
  readonly seed: number;
  readonly labels?: string;
  readonly output: string;
}

export function simulateCommand(program: Command): void {
  const command = program
    .command('simulate')
    .description('shifted copies of CTs of your own, to try a detector on: seeded, graded, with the rows of a cohort')
    .requiredOption('-i, --input <path...>', 'scans in HU: files or folders')
    .addOption(
      new Option('--shift <name...>', 'which (default: all)')
        .choices([...SHIFT_NAMES])
        .default([...SHIFT_NAMES], 'all'),
    )
    .addOption(new Option('--grade <n...>', 'how strong').choices(['1', '2', '3']).default(['1', '2', '3'], '1 2 3'))
    .option('--seed <n>', 'of noise and implants', wholeNumber, 0)
    .option(
      '--labels <folder>',
      'segmentations {case}.nii.gz: named in the cohort, changed where a shift changes the truth',
    )
    .requiredOption(
      '-o, --output <folder>',
      '{case}_{shift}-{grade}.nii.gz, changed segmentations {case}_{shift}-{grade}_label.nii.gz, and cohort.csv',
    );
  withLimitOptions(command).action(() => {
    const flags = flagsOf<SimulateFlags>(command);
    return runSession(flags, (session) => simulateAll(flags, session));
  });
}

async function simulateAll(flags: SimulateFlags, { log, progress, signal, print }: Session): Promise<number> {
  const inputs = await resolveInputs(flags.input);
  await makeFolder(flags.output);
  const rows: string[][] = [];
  let failed = 0;
  for (const [i, { case: name, file }] of inputs.entries()) {
    const label = flags.labels === undefined ? '' : await labelOf(flags.labels, name);
    for (const shift of SHIFTS.filter((s) => flags.shift.includes(s.name))) {
      for (const grade of flags.grade.map(Number) as Grade[]) {
        const image = `${name}_${shift.name}-${grade}.nii.gz`;
        progress.update(`${i + 1}/${inputs.length} ${image}`);
        try {
          // Another seed a scan, so that no two have the same implants.
          const seed = flags.seed + i;
          const how = { case: name, shift, grade, seed, signal, limits: flags.limits };
          await simulateScan({ ...how, file, to: join(flags.output, image) });
          let truth = label;
          if (label !== '' && shift.truth) {
            truth = `${name}_${shift.name}-${grade}_label.nii.gz`;
            await simulateScan({ ...how, file: label, of: 'truth', to: join(flags.output, truth) });
          }
          rows.push([`${name}_${shift.name}-${grade}`, image, truth, 'test', 'ood', shift.name, 'simulated']);
          await print({
            case: name,
            shift: shift.name,
            grade,
            what: shift.grades[grade - 1],
            file: join(flags.output, image),
          });
        } catch (error) {
          if (isAbort(error)) throw error;
          failed++;
          const failure = printed(failureOf(name, error));
          log.error(failure.error.message);
          await print(failure);
        }
      }
    }
  }
  progress.clear();
  const head = ['case', 'image', 'label', 'split', 'group', 'shift', 'dataset'];
  await writeFileAtomically(join(flags.output, 'cohort.csv'), stringify([head, ...rows]));
  if (failed === 0) return EXIT.done;
  return rows.length === 0 ? EXIT.failed : EXIT.someScansFailed;
}

async function labelOf(folder: string, name: string): Promise<string> {
  const path = resolve(folder, `${name}.nii.gz`);
  return stat(path).then(
    () => path,
    () => '',
  );
}
