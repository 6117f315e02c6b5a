import { availableParallelism } from 'node:os';
import { type Command, Option } from 'commander';
import { readPatients } from '../jobs/patients.js';
import type { ScanLimits } from '../limits.js';
import type { WithInference } from '../network/inference/options.js';
import type { LogOptions } from './log.js';
import { foldList, limits, limitsText, listOf, seriesList, threads, wholeNumber } from './values.js';

/** The options of commands that run a network. */
export type InferenceFlags = Required<WithInference>;

/** What a scan may take of the machine. */
export interface LimitFlags {
  readonly limits?: Partial<ScanLimits>;
}

/** The options of commands that read scans under a plan. */
export interface ReadingFlags extends InferenceFlags, LimitFlags {
  readonly tmpdir?: string;
}

/** Which series of DICOM are meant, and how they are read. */
export interface SeriesFlags {
  readonly series?: readonly string[];
  readonly eachSeries?: boolean;
  readonly untilt?: boolean;
}

/** The options of commands that take scans. */
export interface ScanFlags extends ReadingFlags, SeriesFlags {
  readonly input: string[];
  readonly volume?: number;
  readonly spool: boolean;
}

/** Where the plan of a model is. */
export interface PlanFlags {
  readonly plans?: string;
  readonly configuration?: string;
}

/** The table of patients that is named, if any. */
export const patientsFrom = (
  { patients }: { readonly patients?: string },
  signal: AbortSignal,
): Promise<Map<string, string>> | undefined => (patients === undefined ? undefined : readPatients(patients, signal));

/** The options of a command; what says how networks are run is one value. */
export function flagsOf<T extends LogOptions>(command: Command): T {
  const { threads, ...flags } = command.optsWithGlobals();
  return { ...flags, inference: { threads } } as unknown as T;
}

export const withInferenceOptions = (command: Command): Command =>
  command.option('--threads <n>', 'threads of the network', threads, availableParallelism());

export const withLimitOptions = (command: Command): Command =>
  command.option('--limits <name=value...>', limitsText, limits);

export const withReadingOptions = (command: Command): Command =>
  withLimitOptions(
    withInferenceOptions(
      command.option('--tmpdir <folder>', 'where the temporary file of a scan lies (default: the system’s)'),
    ),
  );

export const withUntiltOption = (command: Command): Command =>
  command.option('--untilt', 'of DICOM: take a gantry tilt out, by shifting rows (docs/input.md)');

export const withSeriesOptions = (command: Command): Command =>
  withUntiltOption(
    command
      .option(
        '--series <uid|number>',
        'of DICOM: the series of a study to take, where there are several; of several channels one each, as 2,3',
        seriesList,
      )
      .option('--each-series', 'of DICOM: take every series, as a case of its own'),
  );

/** @param required whether there is nothing to do without scans */
export function withScanOptions(command: Command, inputs: string, required = true): Command {
  const flags = '-i, --input <path...>';
  const taking = required ? command.requiredOption(flags, inputs) : command.option(flags, inputs);
  return withReadingOptions(
    withSeriesOptions(taking)
      .option('--volume <n>', 'which volume of 4-D files, from 0', wholeNumber)
      .option('--no-spool', 'stream straight through, without a temporary file (deviates: docs/preprocessing.md)'),
  );
}

/** Scans by a cohort's CSV, instead of or beside those of `-i`. */
export const withCohortOption = (command: Command, split: string): Command =>
  command.option('--cohort <csv>', `the scans of split ${split} of a cohort (docs/evaluating.md), instead of -i`);

export const withPlanOptions = (command: Command): Command =>
  command
    .option('-p, --plans <file>', 'the plan, where it does not lie beside the model')
    .option(
      '-c, --configuration <name>',
      'configuration of the plan (default: from the folder’s name, else 3d_fullres)',
    );

/** The model and its plan. */
export const withModelOptions = (command: Command, model: string): Command =>
  withPlanOptions(command.requiredOption('-m, --model <path>', model));

/** One fold. */
export const withFoldOption = (command: Command): Command =>
  command.option('--fold <k>', 'which fold’s network', wholeNumber, 0);

/**
 * Several folds.
 *
 * @param what is done with them
 * @param folds by default; all where none are named
 */
export function withFoldsOption(command: Command, what: string, folds?: readonly number[]): Command {
  const option = new Option('--folds <list>', what).argParser(foldList);
  return command.addOption(folds ? option.default(folds, folds.join()) : option);
}

/** In which forms results are written into a folder. */
export interface FormFlags {
  readonly format: readonly string[];
  readonly segmentationType?: 'binary' | 'labelmap';
}

export const withFormatOption = (command: Command): Command =>
  command.addOption(
    new Option(
      '--format <list>',
      'forms of what is written to -o: nifti, dicom (objects that refer to the series, for scans that are DICOM), or both',
    )
      .argParser(listOf('nifti', 'dicom'))
      .default(['nifti'], 'nifti'),
  );

export const withSegmentationTypeOption = (command: Command): Command =>
  command.addOption(
    new Option('--segmentation-type <type>', 'of a DICOM segmentation: a bit a voxel and segment, or numbers')
      .choices(['binary', 'labelmap'])
      .default('binary'),
  );
