import { type Command, Option } from 'commander';
import { openBesideSegmenter } from '../detectors/opened.js';
import { type Detector, filesOfDetector, loadDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { makeFolder } from '../files/atomic.js';
import { objectPaths } from '../jobs/dicom-objects.js';
import { objectOutputs } from '../jobs/dicom-output.js';
import { resolveInputs, type ScanInput } from '../jobs/inputs.js';
import { Outputs, outputOf, outputToStdout, type Reads } from '../jobs/outputs.js';
import { labelsPath, maskPath, probabilitiesPath, ResultFolder } from '../jobs/result-folder.js';
import { segmenterOf, segmentScans } from '../jobs/segment.js';
import { openSegmentationModel } from '../network/folder.js';
import { lineOf } from '../results.js';
import { refuseUncalibrated } from './fail-on-ood.js';
import type { LogOptions } from './log.js';
import {
  type FormFlags,
  flagsOf,
  type PlanFlags,
  type ScanFlags,
  withFoldsOption,
  withFormatOption,
  withModelOptions,
  withScanOptions,
  withSegmentationTypeOption,
} from './options.js';
import { type GivenScans, reportResults } from './result-loop.js';
import { ScanProgress } from './scan-progress.js';
import { runSession, type Session, warnOf } from './session.js';
import { fraction } from './values.js';

export interface SegmentFlags extends ScanFlags, PlanFlags, FormFlags, LogOptions {
  readonly model: string;
  readonly folds?: readonly number[];
  readonly detector?: string;
  readonly case?: string;
  readonly stepSize?: number;
  readonly tta?: boolean;
  readonly saveProbabilities?: boolean;
  readonly explain?: boolean;
  readonly stress?: boolean;
  readonly tau: number;
  readonly trustBy: 'bound' | 'estimate';
  readonly output: string;
  readonly failOnOod?: boolean;
}

export function segmentCommand(program: Command): void {
  const command = program
    .command('segment')
    .description('segment scans as nnU-Net does, and score them from the same forward pass');
  withModelOptions(command, 'nnU-Net’s model folder, with exported networks');
  withFoldsOption(command, 'folds whose logits are averaged, as 0,1,2 (default: all that are exported)')
    .option('-d, --detector <folder>', 'score the scans too: a detector that was fitted to one of the folds')
    .option('--case <name>', 'name of a single scan in the result (default: from its file, or stdin)')
    .option('--step-size <fraction>', 'distance between patches as a fraction of the patch (default: 0.5)', fraction)
    .option('--tta', 'average over mirrored passes: up to 8 times the work (off by default, unlike nnU-Net)')
    .requiredOption(
      '-o, --output <path>',
      'folder for {case}.nii.gz (or DICOM: --format); - writes the segmentation of one scan to stdout',
    )
    .option('--save-probabilities', 'write {case}_probabilities.nii.gz too: a volume a class, 4-D')
    .option('--explain', 'add what explains the verdict: largest patches, what moved, intensities (docs/explaining.md)')
    .option('--stress', 'bound the Dice of scans out of distribution too, as if simulated shifts stood for theirs')
    .option('--tau <dice>', 'the mean Dice that `trust` asks for (docs/quality.md)', fraction, 0.6)
    .addOption(
      new Option('--trust-by <what>', 'which has to reach it: the lower bound, or the estimate')
        .choices(['bound', 'estimate'])
        .default('bound'),
    )
    .option('--fail-on-ood', 'exit with 10 when a scan is out of distribution');
  withSegmentationTypeOption(withFormatOption(command));
  withScanOptions(command, 'scans: NIfTI files, DICOM, folders, archives (zip, tar, tar.gz), or - for stdin').action(
    () => {
      const flags = flagsOf<SegmentFlags>(command);
      return runSession(flags, (session) => segmentAll(flags, session));
    },
  );
}

/**
 * Segments scans, those that `-i` names unless others are given.
 *
 * @returns the exit code
 */
export async function segmentAll(flags: SegmentFlags, session: Session, given?: GivenScans): Promise<number> {
  const detector = flags.detector === undefined ? undefined : await loadDetector(flags.detector);
  if (flags.failOnOod && !detector)
    throw new SegcanaryError('usage', '--fail-on-ood needs a detector; name one with -d.');
  if (detector) refuseUncalibrated(flags, detector.description.calibration?.cases.length ?? 0);
  if (flags.explain && !detector) throw new SegcanaryError('usage', '--explain needs a detector; name one with -d.');
  if (flags.stress && !detector?.description.quality)
    throw new SegcanaryError(
      'usage',
      '--stress needs a detector that was calibrated with labels; see segcanary calibrate --labels.',
    );
  const inputs =
    given?.inputs ??
    (await resolveInputs(flags.input, flags.case, {
      ...flags,
      signal: session.signal,
      onWarning: warnOf(session),
    }));
  const toStdout = flags.output === '-';
  if (toStdout && inputs.length !== 1)
    throw new SegcanaryError('usage', `-o - takes one scan and there are ${inputs.length}; name a folder.`);
  if (toStdout && flags.saveProbabilities)
    throw new SegcanaryError('usage', '--save-probabilities needs a folder; name one with -o.');
  const [isDicom, isNifti] = ['dicom', 'nifti'].map((form) => flags.format.includes(form));
  if (toStdout && isDicom)
    throw new SegcanaryError('usage', '--format dicom writes several objects a scan; name a folder with -o.');
  const model = await openSegmentationModel(flags.model, { ...flags, signal: session.signal });
  const segmenter = await segmenterOf({ ...flags, model, detector });
  const files = [...(model.files ?? []), ...(await filesOf(flags))];
  const outputs = await planned(flags, inputs, files, detector);
  if (!toStdout) await makeFolder(flags.output);
  const scores = detector && !toStdout ? await ResultFolder.open(flags.output) : null;
  const pathOf = (name: string) =>
    isNifti ? labelsPath(flags.output, name) : objectPaths(flags.output, name).segmentation;
  const done = new ScanProgress(session, inputs.length);
  const results = segmentScans({
    ...flags,
    model,
    segmenter,
    detector: detector && (await openBesideSegmenter(detector, flags)),
    inputs,
    outputs,
    signal: session.signal,
    to: isNifti ? (name) => (toStdout ? process.stdout : pathOf(name)) : undefined,
    objects: isDicom ? { folder: flags.output, segmentationType: flags.segmentationType } : undefined,
    probabilities: (name) => (flags.saveProbabilities ? probabilitiesPath(flags.output, name) : undefined),
    mask: (name) => (scores && isNifti && detector?.kind === 'features' ? maskPath(scores.dir, name) : undefined),
    onProgress: done.onProgress,
  });
  return reportResults(
    {
      results,
      scans: inputs.length,
      done,
      stdoutTaken: toStdout,
      folder: scores,
      scoreOf: ({ score, quality, trust }) => score && { ...score, quality, trust },
      lineOf: (result) => lineOf(result, toStdout || given?.isPassing ? null : pathOf(result.case)),
      onResult: given?.onResult,
      failOnOod: flags.failOnOod,
    },
    session,
  );
}

const filesOf = async ({ detector }: SegmentFlags): Promise<string[]> =>
  detector === undefined ? [] : filesOfDetector(detector);

/** Everything that is going to be written, before a scan is read. */
function planned(flags: SegmentFlags, inputs: readonly ScanInput[], files: Reads['files'], detector?: Detector) {
  const reads = { inputs, files };
  if (flags.output === '-') return Outputs.plan(reads, outputToStdout('the segmentation', undefined));
  const names = inputs.map((input) => input.case);
  const isNifti = flags.format.includes('nifti');
  const hasMask = detector?.kind === 'features';
  return Outputs.plan(reads, [
    ...outputToStdout('the results', undefined),
    ...(detector ? ResultFolder.outputs(flags.output, names) : []),
    ...names.flatMap((name) => [
      ...(isNifti ? outputOf('the segmentation', name, labelsPath(flags.output, name)) : []),
      ...(flags.saveProbabilities ? outputOf('the probabilities', name, probabilitiesPath(flags.output, name)) : []),
      ...(isNifti && hasMask ? outputOf('the uncertainty mask', name, maskPath(flags.output, name)) : []),
      ...(flags.format.includes('dicom')
        ? objectOutputs(flags.output, name, { mask: hasMask, segmentation: true, score: detector !== undefined })
        : []),
    ]),
  ]);
}
