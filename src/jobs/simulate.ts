import { openScan } from '../formats/open.js';
import type { ScanLimits } from '../limits.js';
import { runScan } from '../scans/run.js';
import { chain } from '../stages/chain.js';
import { drain } from '../stages/collectors.js';
import { saveScan } from '../stages/save.js';
import { type SimulateOptions, simulate } from '../stages/simulate.js';

export interface SimulateScanOptions extends SimulateOptions {
  readonly case: string;
  readonly file: string;
  /** A path that ends in `.nii` or `.nii.gz`. */
  readonly to: string;
  readonly limits?: Partial<ScanLimits>;
  readonly signal?: AbortSignal;
}

/**
 * Writes a shifted copy of a scan, or of its segmentation, float32, in its geometry, slice by
 * slice: load → simulate → save. Whole or not at all.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `io`
 */
export async function simulateScan(options: SimulateScanOptions): Promise<void> {
  // A truth is packed as well as a bomb is: only scans have a limit of that kind.
  const limits = options.of === 'truth' ? { ...options.limits, ratio: Number.POSITIVE_INFINITY } : options.limits;
  await runScan(
    await openScan(options.file, limits),
    { ...options, limits },
    chain(simulate(options)).to(saveScan(options)),
    drain,
  );
}
