import type { Command } from 'commander';
import { openBesideSegmenter } from '../detectors/opened.js';
import type { Detector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { calibrateQuality } from '../jobs/calibrate-quality.js';
import type { ScanInput } from '../jobs/inputs.js';
import { segmenterOf } from '../jobs/segment.js';
import { openSegmentationModel } from '../network/folder.js';
import type { ScanFailure } from '../results.js';
import type { PlanFlags, ScanFlags } from './options.js';
import { withFoldsOption, withPlanOptions } from './options.js';
import { reportQuality } from './quality-report.js';
import type { Session } from './session.js';
import { fraction, wholeNumber } from './values.js';
import { sentenceOf } from './words.js';

/** The options of `calibrate` that are for labelled scans. */
export interface QualityFlags extends PlanFlags {
  readonly model: string;
  readonly labels: string;
  readonly folds?: readonly number[];
  readonly tta?: boolean;
  readonly shifts?: number;
  readonly alpha: number;
  readonly seed: number;
}

export function withQualityOptions(command: Command): Command {
  return withFoldsOption(
    withPlanOptions(
      command
        .option('--labels <folder>', 'true segmentations {case}.nii.gz: learn what Dice to expect (docs/quality.md)')
        .option('-m, --model <path>', 'with --labels: nnU-Net’s model folder, with exported networks'),
    ),
    'with --labels: folds whose logits are averaged, as 0,1,2 (default: all that are exported)',
  )
    .option('--tta', 'with --labels: average over mirrored passes, as segment --tta will')
    .option('--shifts <n>', 'with --labels: shifted copies a scan, a pass each (default: one a family)', wholeNumber)
    .option('--alpha <share>', 'with --labels: how often the lower bound of the Dice may fail', fraction, 0.1)
    .option('--seed <n>', 'with --labels: of the shifted copies', wholeNumber, 0);
}

/** Whether quality is calibrated too. */
export const hasLabels = <T extends Partial<QualityFlags>>(flags: T): flags is T & QualityFlags =>
  flags.labels !== undefined && flags.model !== undefined;

/**
 * @throws SegcanaryError `usage` for labels without a model to segment by, or the other way round
 */
export function refuseHalfOf({ labels, model, alpha = 0.1 }: Partial<QualityFlags>): void {
  if (alpha >= 0.5) throw new SegcanaryError('usage', `--alpha is ${alpha}; give a share below .5.`);
  if ((labels === undefined) === (model === undefined)) return;
  throw new SegcanaryError(
    'usage',
    labels === undefined
      ? '-m is for calibrating with labels; name their folder with --labels, or leave -m out.'
      : '--labels needs the model whose segmentations they judge; name it with -m.',
  );
}

/** Learns what Dice to expect, and says what was learned; what failed was told of. */
export async function calibrateQualityOf(
  detector: Detector,
  inputs: readonly ScanInput[],
  flags: QualityFlags & Omit<ScanFlags, 'input'>,
  { log, progress, signal, say }: Session,
): Promise<readonly ScanFailure[]> {
  const model = await openSegmentationModel(flags.model, { ...flags, signal });
  const started = performance.now();
  let scans = 0;
  const { quality, failures } = await calibrateQuality({
    ...flags,
    model,
    segmenter: await segmenterOf({ ...flags, model, detector }),
    detector: await openBesideSegmenter(detector, flags),
    inputs,
    signal,
    onPass: ({ case: name, shift }) => {
      if (shift === null) scans++;
      progress.update(`${scans}/${inputs.length} ${name}: ${shift ?? 'as it is'}`);
    },
    onWarning: ({ message }, name) => log.warn(`${name}: ${message}`),
    onFailure: ({ error }) => log.error(sentenceOf(error)),
    onLearn: () => progress.update('learning what Dice to expect'),
  });
  progress.clear();
  await say(`\n${reportQuality(quality)}`);
  log.info(
    `${quality.passes} passes over ${quality.cases} labelled scans took ${((performance.now() - started) / 60_000).toFixed(1)} min`,
  );
  return failures;
}
