import type { Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import type { ScanLimits } from '../limits.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { describeSpread, emptySpread, mergeSpreads, type Spread, spreadWhere } from '../maths/volume/spread.js';
import { runScan, type ScanOptions } from '../scans/run.js';
import { checkModality } from '../simulate/modality.js';
import type { Modality, ScanStatistics } from '../simulate/shift.js';
import { chain } from '../stages/chain.js';
import { type Collector, drain } from '../stages/collectors.js';
import { saveScan } from '../stages/save.js';
import { type SimulateOptions, simulate } from '../stages/simulate.js';
import { openFiles, orientationOf } from './open-input.js';
import { refuseOverwriting } from './outputs.js';
import type { ScanInput } from './scan-input.js';

export interface SimulateScanOptions extends SimulateOptions, Pick<ScanInput, 'series' | 'error'> {
  readonly case: string;
  readonly file: string;
  /** A path that ends in `.nii` or `.nii.gz`. */
  readonly to: string;
  /**
   * What the scan is, whatever it looks like.
   * @default judged by its values; a shift of the other modality is then refused
   */
  readonly modality?: Modality | undefined;
  readonly limits?: Partial<ScanLimits>;
  readonly signal?: AbortSignal;
}

/**
 * Writes a shifted copy of a scan, or of its segmentation, float32, in its geometry, slice by
 * slice: load → simulate → save. Whole or not at all. A scan whose `statistics` are not given
 * is read twice where the shift is of one modality.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `scan-unsuitable` for a shift of another
 *   modality, `usage` for a copy that would overwrite the scan, `io`
 */
export async function simulateScan(options: SimulateScanOptions): Promise<void> {
  const { shift, modality, of = 'scan' } = options;
  await refuseOverwriting({ inputs: [options] }, { path: options.to, what: 'the copy', case: null, option: 'output' });
  // A truth is packed as well as a bomb is: only scans have a limit of that kind.
  const limits = of === 'truth' ? { ...options.limits, ratio: Number.POSITIVE_INFINITY } : options.limits;
  const isOfOneModality = of === 'scan' && shift.modality !== undefined;
  const statistics = options.statistics ?? (isOfOneModality ? await measureScan({ ...options, limits }) : undefined);
  if (isOfOneModality && statistics) checkModality(shift, statistics, { modality, subject: options.file });
  await runScan(
    await openFiles(options, limits, options.signal),
    { ...options, limits },
    chain(simulate({ ...options, statistics })).to(
      saveScan({ to: options.to, content: of === 'truth' ? 'labels' : 'simulated scan' }),
    ),
    drain,
  );
}

/**
 * Refuses the truth of a DICOM series whose axes run otherwise than those of the copies, which are
 * NIfTI: whoever evaluates with both compares them voxel by voxel.
 *
 * @throws SegcanaryError `scan-unsuitable`; whatever is wrong with the series or with the header
 */
export async function refuseTurnedTruth(input: ScanInput, truth: string, signal?: AbortSignal): Promise<void> {
  if (!input.series || truth === '') return;
  const axes = await orientationOf(input, { signal });
  const own = await orientationOf({ case: input.case, file: truth }, { signal });
  if (axes === null || own === null || axes === own) return;
  throw new SegcanaryError(
    'scan-unsuitable',
    `its axes run to ${own} and those of its scan ${input.case} to ${axes}, and copies of both are compared voxel by voxel; write it with the axes of the series.`,
    { subject: truth },
  );
}

/**
 * Extremes, mean and deviation of the first channel of a scan, in one pass over its file.
 *
 * @throws SegcanaryError whatever is wrong with the scan
 */
export async function measureScan(
  options: ScanOptions & Pick<ScanInput, 'file' | 'series' | 'error'>,
): Promise<ScanStatistics> {
  const { case: name = options.file, file, series, error } = options;
  const first = { case: name, file, series: series?.slice(0, 1), error };
  return runScan(await openFiles(first, options.limits, options.signal), options, chain<Slice>(), firstChannel);
}

const firstChannel: Collector<Slice, ScanStatistics, Spread> = {
  init: () => emptySpread,
  add: (spread, { grid, data }) => {
    const plane = contiguous(data).subarray(0, grid.shape[1] * grid.shape[2]);
    return mergeSpreads(spread, spreadWhere(plane, new Uint8Array(plane.length).fill(1)));
  },
  finish: describeSpread,
};
