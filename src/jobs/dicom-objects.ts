import { join } from 'node:path';
import type { Scan } from '../chunks.js';
import { reasonOf } from '../explain/reason.js';
import { isDicomSource } from '../formats/dicom/dicom-source.js';
import type { PageSlice } from '../formats/dicom/objects/page/panel.js';
import { refuseUnreferable } from '../formats/dicom/objects/references.js';
import type { SliceSource } from '../formats/scan-source.js';
import type { Algorithm, ImageDescription, VolumeWriter, WritableVoxels } from '../formats/volume-writer.js';
import { createVolumeWriter } from '../formats/write.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import type { Explanation, SegmentResult, SubjectScore } from '../results.js';
import { eachSlice, openSeries, PageChoice, planesOfSeries, type Rereading } from './dicom-planes.js';

/** Where the objects of a case lie in a folder. */
export const objectPaths = (folder: string, name: string) => ({
  segmentation: join(folder, `${name}_seg.dcm`),
  map: join(folder, `${name}_map.dcm`),
  report: join(folder, `${name}_report.dcm`),
  page: join(folder, `${name}_page.dcm`),
});

/** Paths of the objects that were written. */
export type WrittenObjects = Partial<ReturnType<typeof objectPaths>>;

export interface DicomObjectsOptions extends Rereading {
  /** The series, of which some slices are read again; of several channels the first. */
  readonly source: SliceSource;
  readonly result: SubjectScore | SegmentResult;
  /** What explains the verdict, where it is known apart from the result. */
  readonly explanation?: Explanation | null | undefined;
  /**
   * NIfTI images of the result, on the grid of the scan as it was read: the uncertainty mask and
   * the segmentation, each where there is one.
   */
  readonly images: { readonly mask?: string | undefined; readonly segmentation?: string | undefined };
  /** Folder of the objects, which is there. */
  readonly folder: string;
  /** Axis codes that the scan was read with: the detector's, as in `scoreScan`. */
  readonly orientations?: readonly string[] | undefined;
  /** Its first channel says how values are drawn. */
  readonly plan: Pick<Plan, 'channels'>;
  /** The networks, from `segmentingAlgorithm`; needed for a segmentation. */
  readonly segmenter?: Algorithm | undefined;
  /** @default labels are called by their numbers */
  readonly segmentation?: SegmentationPlan | undefined;
  /** @default 'binary' */
  readonly segmentationType?: ImageDescription['segmentationType'];
}

/**
 * Writes what is known of a scan as DICOM objects: `{case}_seg.dcm`, `{case}_map.dcm`,
 * `{case}_report.dcm` and `{case}_page.dcm`, each whole or not at all. Without a segmentation there
 * is no first, without a mask no second, without a score neither report nor page. Memory does not
 * grow with the series, a description of each frame aside.
 *
 * @returns which were written
 * @throws SegcanaryError `usage` where the source is no DICOM series, `io`, `aborted`, and whatever
 *   is wrong with the scan or the images
 */
export async function writeDicomObjects(options: DicomObjectsOptions): Promise<WrittenObjects> {
  const { scan, close } = await openSeries(options.source, options);
  try {
    return await writeObjectsOf(scan, options);
  } finally {
    await close();
  }
}

async function writeObjectsOf(scan: Scan, options: DicomObjectsOptions): Promise<WrittenObjects> {
  const { source, result, images, folder } = options;
  if (isDicomSource(scan.header)) refuseUnreferable(scan.header, options.case);
  const score = 'voxels' in result ? result.score : result;
  const paths = objectPaths(folder, options.case);
  const choice = new PageChoice(scan, score?.worstPatch ?? null);
  const written: { -readonly [key in keyof WrittenObjects]: string } = {};

  if (images.mask !== undefined && score) {
    const description = { algorithm: detectorOf(score), tmpdir: options.tmpdir };
    const writer = await createVolumeWriter(paths.map, {
      scan,
      dataType: 'float32',
      content: 'uncertainty',
      description,
    });
    await convert(images.mask, options, writer, (z, values) => {
      choice.map(z, values);
      return values;
    });
    written.map = paths.map;
  }
  const labels = new Map<number, Float32Array>();
  if (images.segmentation !== undefined && options.segmenter) {
    await writeSegmentation(paths.segmentation, images.segmentation, scan, options, (z, values) => {
      if (choice.choice.some((slice) => slice.z === z)) labels.set(z, values.slice());
    });
    written.segmentation = paths.segmentation;
  }
  if (score === null) return written;

  const { quality, trust } = 'voxels' in result ? result : {};
  const algorithm = detectorOf(score);
  const reason = reasonOf(score, options.explanation ?? score.explanation);
  const said = { score, quality, trust, reason };
  // What writes them is loaded for who wants them alone.
  const { writeReport } = await import('../formats/dicom/objects/report.js');
  await writeReport(paths.report, scan, { ...said, algorithm });
  const planes = await planesOfSeries(source, options, new Set(choice.choice.map(({ z }) => z)));
  const slices = choice.choice.map(({ z, title }): PageSlice => {
    const values = planes.get(z) ?? new Float32Array(scan.shape[1] * scan.shape[2]);
    return { z, title, values, map: choice.mapAt(z), labels: labels.get(z) ?? null };
  });
  const { writePage } = await import('../formats/dicom/objects/page.js');
  const how = { algorithm, window: windowOf(slices, options.plan), heat: heatOf(slices, score) };
  await writePage(paths.page, scan, { ...said, slices }, how);
  return { ...written, report: paths.report, page: paths.page };
}

const detectorOf = ({ detector }: SubjectScore): Algorithm => ({ name: 'segcanary', version: detector ?? 'unknown' });

async function writeSegmentation(
  to: string,
  from: string,
  scan: Scan,
  options: DicomObjectsOptions,
  look: (z: number, values: Float32Array) => void,
): Promise<void> {
  const { segmenter, segmentation, segmentationType, tmpdir } = options;
  const description = segmenter && { algorithm: segmenter, segmentation, segmentationType, tmpdir };
  const shared = { scan, content: 'labels', description } as const;
  // As `saveLabels`: one byte a voxel unless a label needs two.
  if (segmentation && segmentation.largestLabel < 256) {
    const writer = await createVolumeWriter(to, { ...shared, dataType: 'uint8' });
    return convert(from, options, writer, (z, values) => {
      look(z, values);
      return Uint8Array.from(values);
    });
  }
  const writer = await createVolumeWriter(to, { ...shared, dataType: 'uint16' });
  return convert(from, options, writer, (z, values) => {
    look(z, values);
    return Uint16Array.from(values);
  });
}

/** An image's slices, one by one, into another. */
async function convert<T extends keyof WritableVoxels>(
  path: string,
  options: DicomObjectsOptions,
  writer: VolumeWriter<T>,
  voxelsOf: (z: number, values: Float32Array) => WritableVoxels[T],
): Promise<void> {
  try {
    await eachSlice(path, options, (z, values) => writer.write(voxelsOf(z, values)));
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

/** What the network looks at of a CT; of other scans all but a hundredth at either end. */
function windowOf(slices: readonly PageSlice[], { channels: [channel] }: Pick<Plan, 'channels'>) {
  const { scheme, intensity } = channel;
  if (scheme === 'CTNormalization' && intensity) return { low: intensity.percentile005, high: intensity.percentile995 };
  const sorted = Float32Array.from(slices.flatMap(({ values }) => [...values.filter((_, i) => i % 7 === 0)])).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: at(0.01), high: Math.max(at(0.99), at(0.01) + 1) };
}

/** Nothing up to the boundary; all at twice that, or at the largest value that is shown. */
function heatOf(slices: readonly PageSlice[], { boundary }: SubjectScore) {
  const low = Math.max(boundary ?? 0, 0);
  const most = slices.reduce((a, { map }) => (map ? map.reduce((b, value) => Math.max(b, value), a) : a), 2 * low);
  return { low, high: Math.max(most, low + 1e-12) };
}
