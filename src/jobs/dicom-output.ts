import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { temporaryFolder } from '../files/temp-folder.js';
import { isSliceSource, type ScanSource, type SliceSource } from '../formats/scan-source.js';
import type { SegmentResult, SubjectScore } from '../results.js';
import { type DicomObjectsOptions, objectPaths, writeDicomObjects } from './dicom-objects.js';
import { type Output, outputOf } from './outputs.js';

/** What a job is asked for, where its results are to be DICOM objects. */
export interface ObjectsOutput extends Pick<DicomObjectsOptions, 'segmentationType'> {
  /** The folder that they are written to. */
  readonly folder: string;
}

/** Which images there are of a case. */
export interface ImagesOfCase {
  readonly mask?: string | undefined;
  readonly segmentation?: string | undefined;
}

export interface ObjectsOfCase extends Omit<DicomObjectsOptions, 'source' | 'result' | 'images' | 'explanation'> {
  /** What there will be of it. */
  readonly has: { readonly mask: boolean; readonly segmentation: boolean };
  /** Where images go that are wanted as NIfTI too. */
  readonly kept: { readonly [image in keyof ImagesOfCase]: unknown };
}

/** The objects of a case among the outputs of a job. */
export const objectOutputs = (
  folder: string,
  name: string,
  has: { readonly mask: boolean; readonly segmentation: boolean; readonly score: boolean },
): Output[] => {
  const paths = objectPaths(folder, name);
  return [
    ...(has.segmentation ? outputOf('the segmentation', name, paths.segmentation) : []),
    ...(has.mask ? outputOf('the uncertainty map', name, paths.map) : []),
    ...(has.score ? outputOf('the report', name, paths.report) : []),
    ...(has.score ? outputOf('the page', name, paths.page) : []),
  ];
};

/**
 * Judges a case and writes its objects. Images that are not kept as NIfTI go to a temporary folder
 * on the way.
 *
 * @param judge the case, writing its images to these paths
 * @throws SegcanaryError `usage` where the source is no DICOM series, before anything is read; what
 *   `judge` and `writeDicomObjects` throw
 */
export async function withObjects<R extends SubjectScore | SegmentResult>(
  source: ScanSource,
  { has, kept, ...options }: ObjectsOfCase,
  judge: (images: ImagesOfCase) => Promise<R>,
): Promise<R> {
  const series = seriesIn(source, options.case);
  const folder = await temporaryFolder(options.tmpdir, options.case);
  try {
    const pathOf = (image: keyof ImagesOfCase) => {
      const path = kept[image];
      if (path !== undefined && typeof path !== 'string')
        throw new SegcanaryError(
          'usage',
          'DICOM objects are made of images in files, and a stream is none; name a path.',
        );
      return path ?? (has[image] ? join(folder.path, `${image}.nii`) : undefined);
    };
    const images = { mask: pathOf('mask'), segmentation: pathOf('segmentation') };
    const result = await judge(images);
    await writeDicomObjects({ ...options, source: series, result, images });
    return result;
  } finally {
    await folder.remove();
  }
}

/** The first channel. */
function seriesIn(source: ScanSource, name: string): SliceSource {
  const first = Array.isArray(source) ? source[0].bytes : source;
  if (isSliceSource(first)) return first;
  throw new SegcanaryError(
    'usage',
    'is NIfTI, which knows no patient and no series, and a DICOM object needs both; give the DICOM series, or leave `format` out.',
    { subject: name, option: 'format' },
  );
}

/** A result as it is where its explanation was not asked for. */
export function withoutExplanation<R extends SubjectScore | SegmentResult>(result: R): R {
  if ('voxels' in result) return result.score ? { ...result, score: withoutExplanation(result.score) } : result;
  const { explanation: _, ...rest } = result;
  return rest as R;
}
