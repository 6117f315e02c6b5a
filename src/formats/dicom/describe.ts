import { SegcanaryError } from '../../errors.js';
import type { FileRange } from '../../files/file-range.js';
import type { DicomHeader, StoredPixels } from './dicom-header.js';
import type { Beginning } from './part10.js';
import { TAGS } from './tags.js';
import type { Values } from './values.js';

/** Where the pixels of a file are. */
export interface PixelData {
  readonly type: StoredPixels['type'];
  readonly offset: number;
  readonly length: number | null;
}

const DEFLATED = '1.2.840.10008.1.2.1.99';
const NATIVE = new Set(['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', DEFLATED]);
/** Transfer syntaxes that cannot be without loss: JPEG by DCT, near-lossless JPEG-LS. */
const LOSSY = new Set([
  '1.2.840.10008.1.2.4.50',
  '1.2.840.10008.1.2.4.51',
  '1.2.840.10008.1.2.4.53',
  '1.2.840.10008.1.2.4.55',
  '1.2.840.10008.1.2.4.81',
]);

/** What an object says of itself and of its series, whatever it is. */
export function describeObject(
  file: FileRange,
  values: Values,
  { transferSyntax, sopInstance }: Beginning,
  sopClass: string,
): Omit<DicomHeader, 'pixels' | 'frames'> {
  return {
    file,
    sopClass,
    sopInstance: values.text(TAGS.sopInstance) ?? sopInstance ?? '',
    study: values.text(TAGS.study) ?? '',
    series: values.text(TAGS.series) ?? '',
    frameOfReference: values.text(TAGS.frameOfReference),
    modality: values.text(TAGS.modality) ?? '',
    imageType: values.texts(TAGS.imageType),
    seriesNumber: values.label(TAGS.seriesNumber),
    seriesDescription: values.text(TAGS.seriesDescription),
    kernel: values.text(TAGS.kernel),
    equipment: {
      institution: values.text(TAGS.institution),
      manufacturer: values.text(TAGS.manufacturer),
      model: values.text(TAGS.model),
      station: values.text(TAGS.station),
    },
    isLossy: LOSSY.has(transferSyntax) || values.text(TAGS.lossy) === '01',
  };
}

/**
 * How the pixels of an image are stored: Image Pixel module, PS3.3 C.7.6.3.
 *
 * @throws SegcanaryError `truncated` when they are not there, or fewer than announced;
 *   `dicom-invalid`, `dicom-unsupported`
 */
export function describePixels(
  file: FileRange,
  values: Values,
  { transferSyntax }: Beginning,
  data: PixelData | null,
): StoredPixels {
  if (data === null)
    throw new SegcanaryError(
      'truncated',
      'the DICOM file ends before its pixels; it is incomplete, copy or export it again.',
      { subject: file.name },
    );
  if (values.has(TAGS.modalityLut))
    throw new SegcanaryError(
      'dicom-unsupported',
      'its values are told by a table (Modality LUT Sequence) and not by slope and intercept, which is not read.',
      { subject: file.name },
    );
  const encapsulated = !NATIVE.has(transferSyntax) || data.length === null;
  if (data.length !== null && transferSyntax !== DEFLATED && data.offset + data.length > file.length)
    throw new SegcanaryError(
      'truncated',
      `the DICOM file ends ${data.offset + data.length - file.length} bytes before the end of its pixels; it is incomplete, copy it again.`,
      { subject: file.name },
    );
  const isSigned = (values.unsigned(TAGS.pixelRepresentation) ?? 0) === 1;
  const bitsAllocated = values.due(values.unsigned(TAGS.bitsAllocated), TAGS.bitsAllocated);
  const bitsStored = values.unsigned(TAGS.bitsStored) ?? bitsAllocated;
  return {
    transferSyntax,
    rows: values.due(values.unsigned(TAGS.rows) || null, TAGS.rows),
    columns: values.due(values.unsigned(TAGS.columns) || null, TAGS.columns),
    samplesPerPixel: values.unsigned(TAGS.samplesPerPixel) ?? 1,
    photometric: values.text(TAGS.photometric) ?? 'MONOCHROME2',
    type: data.type,
    bitsAllocated,
    bitsStored,
    highBit: values.unsigned(TAGS.highBit) ?? bitsStored - 1,
    isSigned,
    frames: framesOf(values),
    padding: isSigned ? values.signed(TAGS.padding) : values.unsigned(TAGS.padding),
    valueOffset: data.offset,
    valueLength: encapsulated ? null : data.length,
  };
}

/** Number of Frames, which single-frame objects leave out. */
function framesOf(values: Values): number {
  const frames = values.decimal(TAGS.frames) ?? 1;
  return values.due(Number.isInteger(frames) && frames > 0 ? frames : null, TAGS.frames);
}
