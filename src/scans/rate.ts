import type { ChannelBytes, Slice } from '../chunks.js';
import type { SegmentingDetector } from '../detectors/opened.js';
import type { QualityPass } from '../detectors/quality/learn.js';
import { TEMPERATURES } from '../detectors/quality/signals.js';
import type { ScanSource } from '../formats/scan-source.js';
import { foregroundOf, Overlap } from '../maths/volume/overlap.js';
import { chain } from '../stages/chain.js';
import { drain } from '../stages/collectors.js';
import { type SimulateOptions, simulate } from '../stages/simulate.js';
import { type OnePassOptions, onePass, readAs } from './one-pass.js';
import { QualitySignals } from './quality-signals.js';
import { endedEarly, runScan } from './run.js';
import { Truth } from './truth.js';
import { collectedWarnings } from './warnings.js';

export interface RateScanOptions extends Omit<OnePassOptions, 'warnings' | 'signals' | 'mask' | 'explain'> {
  readonly detector: SegmentingDetector;
  /** The true segmentation, on the scanner's grid: its file's name and bytes. */
  readonly truth: ChannelBytes;
  /** Shifts the scan, and its truth where that changes, before anything is done with it. */
  readonly shift?: Omit<SimulateOptions, 'of'> | undefined;
}

/**
 * Segments a labelled scan, as it is or shifted, and keeps what its quality can be told by, and
 * what it is: scanned → simulate → onePass → Dice. Nothing is written.
 *
 * @throws SegcanaryError whatever is wrong with the scan or its truth; `scan-unsuitable` where the
 *   two are of unequal shape
 */
export async function rateScan(source: ScanSource, options: RateScanOptions): Promise<QualityPass> {
  const { segmentation, shift } = options;
  // What was measured of the scan says nothing of its truth.
  const truth = new Truth(options.truth, shift && { ...shift, statistics: undefined });
  const signals = new QualitySignals(segmentation, TEMPERATURES);
  const overlap = new Overlap(foregroundOf(segmentation.labels));
  // What a changed scan is warned of is what was changed.
  const told = { ...options, ...collectedWarnings({ ...options, ...(shift && { onWarning: undefined }) }) };
  const { labels, score: scored } = onePass({ ...told, signals });
  const rated = chain<Slice>()
    .optionally(shift && simulate({ ...shift, of: 'scan' }))
    .to(labels)
    .observe(async (slice) => overlap.push(slice.data.data, await truth.next(slice)));
  const { orientations } = options.detector.description;
  await runScan(source, { ...told, plan: readAs(options), orientations }, rated, drain).finally(() => truth.close());
  const score = await scored();
  if (score === null) throw endedEarly(options, 'it could be scored');
  return {
    family: shift?.shift.name ?? null,
    signals: signals.signals(score.score),
    dice: Object.values(overlap.dice),
  };
}
