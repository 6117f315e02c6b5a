import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { isAbort } from '../errors.js';
import { makeFolder, writeFileAtomically } from '../files/atomic.js';
import { csvOf } from '../files/csv.js';
import { resolveInputs } from '../jobs/inputs.js';
import { Outputs, outputOf, outputOfAll } from '../jobs/outputs.js';
import { measureScan, refuseTurnedTruth, simulateScan } from '../jobs/simulate.js';
import { type ModelFolderOptions, openModel } from '../network/folder.js';
import { failureOf } from '../results.js';
import { checkModality, modalityLike } from '../simulate/modality.js';
import { SHIFT_NAMES, shiftsFor } from '../simulate/registry.js';
import type { Grade, Modality, Shift } from '../simulate/shift.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import {
  flagsOf,
  type LimitFlags,
  type PlanFlags,
  type SeriesFlags,
  withLimitOptions,
  withPlanOptions,
  withSeriesOptions,
} from './options.js';
import { runSession, type Session, warnOf } from './session.js';
import { wholeNumber } from './values.js';
import { printed } from './words.js';

interface SimulateFlags extends LimitFlags, SeriesFlags, PlanFlags, LogOptions {
  readonly input: string[];
  readonly model?: string;
  readonly modality?: Modality;
  readonly shift?: readonly string[];
  readonly grade: readonly string[];
  readonly seed: number;
  readonly labels?: string;
  readonly output: string;
}

export function simulateCommand(program: Command): void {
  const command = program
    .command('simulate')
    .description(
      'shifted copies of CTs or MRs of your own, to try a detector on: seeded, graded, with the rows of a cohort',
    )
    .requiredOption('-i, --input <path...>', 'CTs in HU, or MRs: files, folders or archives')
    .option(
      '-m, --model <path>',
      'shifts of the modality that this model is for: nnU-Net’s model folder, or an ONNX file',
    )
    .addOption(
      new Option(
        '--modality <name>',
        'what the scans are (default: the model’s; without one, judged scan by scan by its values)',
      ).choices(['ct', 'mr']),
    )
    .addOption(new Option('--shift <name...>', 'which (default: all of the modality)').choices([...SHIFT_NAMES]))
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
  withPlanOptions(withLimitOptions(withSeriesOptions(command))).action(() => {
    const flags = flagsOf<SimulateFlags>(command);
    return runSession(flags, (session) => simulateAll(flags, session));
  });
}

async function simulateAll(flags: SimulateFlags, session: Session): Promise<number> {
  const inputs = await resolveInputs(flags.input, undefined, {
    ...flags,
    signal: session.signal,
    withoutCopies: true,
    onWarning: warnOf(session),
  });
  const modality =
    flags.modality ??
    (flags.model === undefined ? undefined : await modalityOf(flags.model, { ...flags, signal: session.signal }));
  const labels = new Map<string, string>();
  if (flags.labels !== undefined)
    for (const { case: name } of inputs) labels.set(name, await labelOf(flags.labels, name));
  const copies = inputs.flatMap(({ case: name }) => copiesOf(name, flags, modality));
  const outputs = await Outputs.plan({ inputs, files: [...labels.values()] }, [
    outputOfAll('the cohort', join(flags.output, 'cohort.csv')),
    ...copies.flatMap((copy) => [
      ...outputOf('the copy', copy.case, join(flags.output, copy.image)),
      ...(copy.label ? outputOf('the truth', copy.case, join(flags.output, copy.label)) : []),
    ]),
  ]);
  await makeFolder(flags.output);
  const rows: string[][] = [];
  let failed = 0;
  for (const [i, input] of inputs.entries()) {
    const { case: name, file } = input;
    const { log, progress, signal, print } = session;
    const fail = (error: unknown) => {
      if (isAbort(error)) throw error;
      failed++;
      const failure = printed(failureOf(name, error));
      log.error(failure.error.message);
      return print(failure);
    };
    // None of an earlier run stays beside the error.
    const failWhole = async (error: unknown) => {
      await fail(error);
      for (const copy of copies) if (copy.of === name) await outputs.drop(copy.case);
    };
    const label = labels.get(name) ?? '';
    // Once a scan, and not once a copy.
    const statistics = await refuseTurnedTruth(input, label, signal)
      .then(() => measureScan({ ...input, signal, limits: flags.limits }))
      .catch(failWhole);
    if (!statistics) continue;
    const known = modality ?? modalityLike(statistics);
    const shifts = flags.shift ? shiftsNamed(flags.shift, known) : shiftsFor(known);
    try {
      for (const shift of shifts) checkModality(shift, statistics, { modality: flags.modality, subject: file });
    } catch (error) {
      await failWhole(error);
      continue;
    }
    for (const shift of shifts) {
      for (const grade of flags.grade.map(Number) as Grade[]) {
        const { case: copy, image, label: changed } = copyOf(name, shift, grade, label !== '');
        progress.update(`${i + 1}/${inputs.length} ${image}`);
        try {
          await outputs.claim(copy, []);
          // Another seed a scan, so that no two have the same implants.
          const seed = flags.seed + i;
          const how = { ...input, shift, grade, seed, signal, limits: flags.limits };
          const { modality: said } = flags;
          await simulateScan({ ...how, statistics, modality: said, to: join(flags.output, image) });
          let truth = label;
          if (changed !== null) {
            truth = changed;
            await simulateScan({ ...how, file: label, series: undefined, of: 'truth', to: join(flags.output, truth) });
          }
          rows.push([copy, image, truth, 'test', 'ood', shift.name, 'simulated']);
          await print({
            case: name,
            shift: shift.name,
            grade,
            what: shift.grades[grade - 1],
            file: join(flags.output, image),
          });
        } catch (error) {
          await fail(error);
          await outputs.drop(copy);
        }
      }
    }
  }
  session.progress.clear();
  const head = ['case', 'image', 'label', 'split', 'group', 'shift', 'dataset'];
  await writeFileAtomically(join(flags.output, 'cohort.csv'), csvOf([head, ...rows]));
  if (failed === 0) return EXIT.done;
  return rows.length === 0 ? EXIT.failed : EXIT.someScansFailed;
}

/** A shifted copy of a scan, and its files. */
interface Copy {
  readonly of: string;
  readonly case: string;
  readonly image: string;
  /** Where the shift changes the truth, and there is one. */
  readonly label: string | null;
}

function copyOf(name: string, { name: shift, truth }: Shift, grade: Grade, hasLabel: boolean): Copy {
  const copy = `${name}_${shift}-${grade}`;
  return {
    of: name,
    case: copy,
    image: `${copy}.nii.gz`,
    label: hasLabel && truth ? `${copy}_label.nii.gz` : null,
  };
}

/**
 * Every copy that a scan may get; where it is not known what scans are, those of both modalities.
 */
function copiesOf(name: string, flags: SimulateFlags, modality: Modality | undefined): Copy[] {
  const copies = new Map<string, Copy>();
  for (const known of modality ? [modality] : (['ct', 'mr'] as const))
    for (const shift of flags.shift ? shiftsNamed(flags.shift, known) : shiftsFor(known))
      for (const grade of flags.grade.map(Number) as Grade[]) {
        const copy = copyOf(name, shift, grade, flags.labels !== undefined);
        copies.set(copy.case, copy);
      }
  return [...copies.values()];
}

/** Those of the modality that have one of the names, and those that only another modality has. */
function shiftsNamed(names: readonly string[], modality: Modality): readonly Shift[] {
  const own = shiftsFor(modality);
  const others = shiftsFor(modality === 'ct' ? 'mr' : 'ct').filter(({ name }) => !own.some((s) => s.name === name));
  return [...own, ...others].filter(({ name }) => names.includes(name));
}

/** nnU-Net normalises CTs by the values of its training set, and everything else scan by scan. */
async function modalityOf(model: string, flags: ModelFolderOptions): Promise<Modality> {
  const { plan } = await openModel(model, flags);
  return plan.channels[0]?.scheme === 'CTNormalization' ? 'ct' : 'mr';
}

async function labelOf(folder: string, name: string): Promise<string> {
  const path = resolve(folder, `${name}.nii.gz`);
  return stat(path).then(
    () => path,
    () => '',
  );
}
