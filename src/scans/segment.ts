import type { Writable } from 'node:stream';
import type { LabelSlice } from '../chunks.js';
import { estimateQuality, type TrustOptions, trustOf } from '../detectors/quality/estimate.js';
import { type QualityModel, temperaturesOf } from '../detectors/quality/model.js';
import { SegcanaryError } from '../errors.js';
import { sha256 } from '../files/hash.js';
import type { ScanSource } from '../formats/scan-source.js';
import type { Algorithm } from '../formats/volume-writer.js';
import { patchCount } from '../maths/window/tiling.js';
import type { Segmenter } from '../network/segmenter.js';
import type { SegmentResult, Warning } from '../results.js';
import type { Collector } from '../stages/collectors.js';
import { saveLabels } from '../stages/save.js';
import { type OnePassOptions, onePass, readAs } from './one-pass.js';
import { QualitySignals } from './quality-signals.js';
import { endedEarly, runScan } from './run.js';
import { collectedWarnings } from './warnings.js';

export interface SegmentScanOptions extends Omit<OnePassOptions, 'warnings' | 'signals'>, TrustOptions {
  /** Where the segmentation goes: a path, or a stream that gets gzip. */
  readonly to: string | Writable;
  /**
   * Bound the Dice of a flagged scan too, as if what changed it were like the simulated shifts of
   * the calibration.
   * @default false
   */
  readonly stress?: boolean | undefined;
}

/**
 * Segments one scan as nnU-Net does and, with a detector, scores it from the same forward pass:
 * scanned → onePass → save. A detector that was calibrated with labels estimates the quality.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function segmentScan(source: ScanSource, options: SegmentScanOptions): Promise<SegmentResult> {
  const { detector, explain, segmenter, segmentation } = options;
  if (explain && !detector) throw nothingToExplain();
  const { warnings, ...collected } = collectedWarnings(options);
  const told = { ...options, ...collected, warnings };
  const model = detector?.description.quality;
  const mismatch = model ? mismatchOf(model, segmenter) : null;
  const known = mismatch ? undefined : model;
  const signals = known ? new QualitySignals(segmentation, temperaturesOf(known)) : null;
  if (mismatch) collected.onWarning(mismatch, options.case ?? 'stdin');
  const { labels, score: scored } = onePass({ ...told, signals });
  const { patches, voxels } = await runScan(
    source,
    { ...told, plan: readAs(options), orientations: detector?.description.orientations },
    labels.to(saveLabels({ ...options, description: { algorithm: segmentingAlgorithm(segmenter), segmentation } })),
    countLabels,
  );
  const score = await scored();
  if (patches === 0 || (detector && score === null)) throw endedEarly(options, 'it could be scored');
  const quality =
    known && signals && score
      ? estimateQuality(known, signals.signals(score.score), { verdict: score.verdict, stress: options.stress })
      : null;
  const trust = trustOf(score?.verdict ?? null, quality, options);
  return { case: options.case ?? 'stdin', patches, voxels, score, quality, trust, warnings };
}

/** The networks as what made a segmentation. */
export function segmentingAlgorithm({
  networks,
  mirrorAxes = [],
}: Pick<Segmenter, 'networks'> & Partial<Pick<Segmenter, 'mirrorAxes'>>): Algorithm {
  // With mirrors it is another segmentation, and so another object: its UID is made of this.
  const mirrors = mirrorAxes.length > 0 ? [`mirrored along ${mirrorAxes.join()}`] : [];
  const parts = [...networks, ...mirrors];
  return { name: 'nnU-Net', version: parts.length === 1 ? parts[0] : sha256(parts.join()) };
}

/** An estimate is of the segmentations that it was learned from, and of no others. */
function mismatchOf({ networks, mirrorAxes }: QualityModel, segmenter: Segmenter): Warning | null {
  const same = (a: readonly unknown[], b: readonly unknown[]) => a.toSorted().join() === b.toSorted().join();
  if (same(networks, segmenter.networks) && same(mirrorAxes, segmenter.mirrorAxes)) return null;
  return {
    code: 'quality-of-others',
    message: `What Dice to expect was learned from ${passesOf(networks, mirrorAxes)}, and this segmentation is by ${passesOf(segmenter.networks, segmenter.mirrorAxes)}: its quality is not estimated.`,
  };
}

const passesOf = (networks: readonly string[], mirrorAxes: readonly number[]): string =>
  `${networks.length === 1 ? 'one network' : `${networks.length} networks`} (sha256 ${networks.map((n) => n.slice(0, 8)).join(', ')}) ${mirrorAxes.length > 0 ? `with mirrors along axes ${mirrorAxes.join(', ')}` : 'without mirrors'}`;

const nothingToExplain = (): SegcanaryError =>
  new SegcanaryError('usage', 'There is no verdict to explain without a detector; name one, or leave `explain` out.', {
    option: 'explain',
  });

/** Patches of the scan, and voxels of every label that has any. */
const countLabels: Collector<
  LabelSlice,
  Pick<SegmentResult, 'patches' | 'voxels'>,
  { patches: number; readonly counts: Float64Array }
> = {
  init: () => ({ patches: 0, counts: new Float64Array(65_536) }),
  add: (state, { tiling, data: { data } }) => {
    state.patches = patchCount(tiling);
    for (let i = 0; i < data.length; i++) state.counts[data[i]]++;
    return state;
  },
  finish: ({ patches, counts }) => {
    const voxels: Record<number, number> = {};
    counts.forEach((n, value) => {
      if (n > 0) voxels[value] = n;
    });
    return { patches, voxels };
  },
};
