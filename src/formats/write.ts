import type { Writable } from 'node:stream';
import { dicomImages } from './dicom/objects/form.js';
import { niftiImages } from './nifti/write.js';
import type { ImageForm, VolumeOptions, VolumeWriter, WritableVoxels } from './volume-writer.js';

/** Every form in which a result's images are written; the first is that of streams. */
const FORMS: readonly [ImageForm, ...ImageForm[]] = [niftiImages, dicomImages];

/**
 * Opens `to` for the voxels of a result on a scan's own grid: a path, whose ending names the form,
 * or a Writable, which is ended. An ending that no form has is refused by the first.
 *
 * @throws SegcanaryError `usage` for such an ending, `io` when the file cannot be written,
 *   `scan-unsuitable` when the slices do not fit the shape
 */
export function createVolumeWriter<T extends keyof WritableVoxels>(
  to: string | Writable,
  options: VolumeOptions<T>,
): Promise<VolumeWriter<T>> {
  const named = typeof to === 'string' ? FORMS.find(({ ending }) => ending.test(to)) : undefined;
  return (named ?? FORMS[0]).create(to, options);
}
