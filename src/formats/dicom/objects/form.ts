import type { Writable } from 'node:stream';
import { SegcanaryError } from '../../../errors.js';
import type { ImageForm, VolumeOptions, VolumeWriter, WritableVoxels } from '../../volume-writer.js';

/**
 * DICOM as a form of images: labels are a Segmentation, the uncertainty is a Parametric Map, of a
 * scan that came as a series.
 */
export const dicomImages: ImageForm = {
  ending: /\.dcm$/i,
  create: async <T extends keyof WritableVoxels>(to: string | Writable, options: VolumeOptions<T>) => {
    const { content, dataType, description } = options;
    const subject = typeof to === 'string' ? to : 'the DICOM output';
    if (!description) throw refused(subject, 'an object says what made it; give a `description`');
    // What writes them is loaded for who has a series alone.
    let writer: unknown = null;
    if (content === 'labels' && (dataType === 'uint8' || dataType === 'uint16'))
      writer = await (await import('./segmentation.js')).createSegmentation(to, options, description);
    else if (content === 'uncertainty' && dataType === 'float32')
      writer = await (await import('./parametric-map.js')).createParametricMap(to, options, description);
    if (writer === null) throw refused(subject, `${content ?? 'this'} has no DICOM object; write it as NIfTI`);
    // The voxels are of the type that was asked for and looked at.
    return writer as VolumeWriter<T>;
  },
};

const refused = (subject: string, why: string) => new SegcanaryError('usage', `${why}.`, { subject });
