import type { Writable } from 'node:stream';
import type { Scan } from '../../../chunks.js';
import type { Algorithm } from '../../volume-writer.js';
import { commonElements, fileHead, type ObjectOf } from './common.js';
import { copyAttributes } from './copied.js';
import { type Attributes, dataset, elementHead, elementsOf } from './encode.js';
import { createObjectFile, sourceOf } from './object-file.js';
import { drawPage, type PageContent } from './page/draw.js';
import type { PanelOptions } from './page/panel.js';
import { type Code, codeItem, referencedSeries, referenceTo } from './references.js';

export interface PageOptions extends Omit<PanelOptions, 'shape' | 'spacing' | 'flip' | 'mark'> {
  /** The detector. */
  readonly algorithm: Algorithm;
}

const SOURCE_IMAGE: Code = ['121322', 'DCM', 'Source image for image processing operation'];
const PIXEL_DATA = 0x7fe00010;

/**
 * Writes a Secondary Capture (PS3.3 section A.8.1) that any viewer shows: the verdict in words,
 * slices with the map and the outline of the segmentation, and why. No patient is drawn on it.
 *
 * @throws SegcanaryError `usage` where the scan came from no DICOM series; `io`
 */
export async function writePage(
  to: string | Writable,
  scan: Pick<Scan, 'case' | 'shape' | 'spacing' | 'header'>,
  content: PageContent,
  { algorithm, ...options }: PageOptions,
): Promise<void> {
  const source = sourceOf(scan.header, scan.case);
  const object: ObjectOf = { kind: 'page', source, copied: await copyAttributes(source), algorithm };
  const { width, height, pixels } = drawPage(content, {
    ...options,
    shape: scan.shape,
    spacing: scan.spacing,
    // As the source's frames are stored, which is how viewers show them.
    flip: { y: source.flipped[0], x: source.flipped[1] },
    mark: content.score.worstPatch?.centre ?? null,
  });
  const own: Attributes = {
    ImageType: ['DERIVED', 'SECONDARY'],
    ConversionType: 'WSD',
    SamplesPerPixel: 3,
    PhotometricInterpretation: 'RGB',
    PlanarConfiguration: 0,
    Rows: height,
    Columns: width,
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
    BurnedInAnnotation: 'NO',
    LossyImageCompression: '00',
    PatientOrientation: '',
    Laterality: '',
    SourceImageSequence: content.slices.map(({ z }) => ({
      ...referenceTo(source.frames[z]),
      PurposeOfReferenceCodeSequence: [codeItem(SOURCE_IMAGE)],
    })),
  };
  const file = await createObjectFile(to);
  try {
    await file.write(fileHead(object));
    await file.write(dataset([...commonElements(object), referencedSeries(source), ...elementsOf(own)]));
    await file.write(elementHead(PIXEL_DATA, 'OB', pixels.length));
    await file.write(pixels);
    await file.commit();
  } finally {
    await file.discard();
  }
}
