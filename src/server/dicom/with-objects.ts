import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { SliceSource } from '../../formats/scan-source.js';
import { writeDicomObjects } from '../../jobs/dicom-objects.js';
import type { ScanLimits } from '../../limits.js';
import { segmentingAlgorithm } from '../../scans/segment.js';
import type { AcceptedScan } from '../accepted-scan.js';
import type { OpenScan } from '../judge.js';
import type { ServedDetector } from '../served.js';
import type { Outbox } from './outbox.js';

export interface WithObjectsOptions {
  readonly open: OpenScan;
  /** The series that the objects are of: the first channel. */
  readonly series: SliceSource;
  readonly served: ServedDetector;
  readonly outbox: Outbox;
  readonly limits: ScanLimits;
  readonly tmpdir: string | undefined;
}

/**
 * Judges a scan and puts its objects into the outbox. They are there before the record says that
 * the scan is done, and are sent when it does: whenever the process ends, either both are there
 * after the next start, or the scan is judged again.
 *
 * @throws SegcanaryError as `AcceptedScan.run` and `writeDicomObjects`; there are no objects then
 */
export async function runWithObjects(scan: AcceptedScan, options: WithObjectsOptions): Promise<void> {
  const { open, series, served, outbox, limits, tmpdir } = options;
  const { detector, segmenting } = served;
  // It goes with the other files of the scan.
  const path = join(scan.files.folder, 'map.nii.gz');
  const mask = detector.kind === 'features' ? createWriteStream(path, { mode: 0o600 }) : undefined;
  // What breaks is told where it is written to, and until then to nobody.
  mask?.on('error', () => {});
  try {
    const { segmentation } = await scan.run(open, mask, async ({ result, explanation }) => {
      const folder = await outbox.stage(scan.id);
      await writeDicomObjects({
        ...{ source: series, result, explanation, folder, case: scan.case, limits, tmpdir, signal: scan.signal },
        images: { mask: mask && path, segmentation: segmenting ? scan.files.path('segmentation') : undefined },
        orientations: detector.description.orientations,
        plan: detector.description.plan,
        ...(segmenting && {
          segmenter: segmentingAlgorithm(segmenting.segmenter),
          segmentation: segmenting.model.segmentation,
        }),
      });
      await outbox.enqueue(scan.id);
    });
    await segmentation?.close();
    await outbox.release(scan.id);
  } catch (error) {
    await outbox.drop(scan.id);
    throw error;
  } finally {
    mask?.destroy();
  }
}
