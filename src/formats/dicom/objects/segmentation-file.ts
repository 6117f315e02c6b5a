import type { TempFile } from '../../../files/temp-file.js';
import type { Algorithm } from '../../volume-writer.js';
import type { DicomSource } from '../dicom-source.js';
import { BitRun, bytesOf } from './bits.js';
import { commonElements, fileHead, imageReference, type ObjectOf, uidsOf } from './common.js';
import { type CopiedAttributes, inTexts } from './copied.js';
import {
  type Attributes,
  dataset,
  element,
  elementHead,
  elementsOf,
  encode,
  item,
  SEQUENCE_END,
  sequence,
  sequenceStart,
} from './encode.js';
import {
  dimensions,
  frameContent,
  frameItem,
  POSITION_DIMENSION,
  planeGroups,
  SEGMENT_DIMENSION,
  sharedPlaneGroups,
} from './functional-groups.js';
import { type ObjectFile, refuseTooLong } from './object-file.js';
import type { ObjectPlanes } from './planes.js';
import { type Code, referencedSeries } from './references.js';
import { type Segment, segmentItem } from './segments.js';

/** A frame that is not empty, and where it lies in the temporary file. */
export interface SpooledFrame {
  /** Its segment; 0 in a labelmap. */
  readonly key: number;
  /** Place of its plane along the normal. */
  readonly rank: number;
  readonly at: number;
}

export interface SegmentationFile {
  readonly file: ObjectFile;
  readonly spool: TempFile;
  readonly frames: readonly SpooledFrame[];
  readonly segments: readonly Segment[];
  readonly isBinary: boolean;
  readonly dataType: string;
  readonly grid: ObjectPlanes;
  readonly source: DicomSource;
  readonly copied: CopiedAttributes;
  readonly algorithm: Algorithm;
}

const SEGMENTATION: Code = ['113076', 'DCM', 'Segmentation'];
const SHARED_GROUPS = 0x52009229;
const PER_FRAME_GROUPS = 0x52009230;
const PIXEL_DATA = 0x7fe00010;

/** Writes the header, then what each frame is, then the frames. */
export async function writeSegmentation(options: SegmentationFile): Promise<void> {
  const { file, spool, frames: found, segments, isBinary, grid, source, copied, algorithm } = options;
  const voxels = grid.rows * grid.columns;
  const bytesOfVoxel = options.dataType === 'uint8' ? 1 : 2;
  // An object without a frame is none.
  const nothing = { key: isBinary ? segments[0].number : 0, rank: grid.planes.length >> 1, at: -1 };
  const frames = found.length > 0 ? found.toSorted((a, b) => a.key - b.key || a.rank - b.rank) : [nothing];
  const length = isBinary ? bytesOf(frames.length * voxels) : frames.length * voxels * bytesOfVoxel;
  refuseTooLong(file.label, length);
  const object: ObjectOf = { kind: isBinary ? 'segmentation' : 'labelmap', source, copied, algorithm };

  await file.write(fileHead(object));
  await file.write(header(options, object, frames.length, bytesOfVoxel));
  await file.write(sequenceStart(PER_FRAME_GROUPS));
  const groups = grid.planes.map(planeGroups(SEGMENTATION));
  const segmentGroup = new Map(
    segments.map(({ number }) => [
      number,
      encode({ SegmentIdentificationSequence: [{ ReferencedSegmentNumber: number }] }),
    ]),
  );
  await inBatches(file, frames, ({ key, rank }) =>
    isBinary
      ? frameItem(groups[rank], frameContent(key, rank + 1), segmentGroup.get(key))
      : frameItem(groups[rank], frameContent(rank + 1)),
  );
  await file.write(SEQUENCE_END);

  await file.write(elementHead(PIXEL_DATA, bytesOfVoxel === 1 || isBinary ? 'OB' : 'OW', length + (length % 2)));
  const run = isBinary ? new BitRun(voxels) : null;
  const frame = new Uint8Array(isBinary ? bytesOf(voxels) : voxels * bytesOfVoxel);
  for (const { at } of frames) {
    if (at >= 0) await spool.read(frame, at);
    // The file keeps what it was given until it is written.
    await file.write(run ? run.add(frame) : frame);
  }
  if (run) await file.write(run.end());
  if (length % 2) await file.write(Buffer.of(0));
}

function header(
  { segments, isBinary, grid, source, algorithm }: SegmentationFile,
  object: ObjectOf,
  frames: number,
  bytesOfVoxel: number,
): Buffer {
  const uids = uidsOf(object);
  const bits = isBinary ? 1 : 8 * bytesOfVoxel;
  const labels = segments.flatMap((segment) => segment.labels);
  const own: Attributes = {
    ...imageReference(uids),
    ImageType: ['DERIVED', 'PRIMARY'],
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: frames,
    Rows: grid.rows,
    Columns: grid.columns,
    BitsAllocated: bits,
    BitsStored: bits,
    HighBit: bits - 1,
    PixelRepresentation: 0,
    LossyImageCompression: '00',
    SegmentationType: isBinary ? 'BINARY' : 'LABELMAP',
    SegmentsOverlap: new Set(labels).size < labels.length ? 'YES' : 'NO',
    ContentLabel: 'SEGMENTATION',
    ContentDescription: '',
    ContentCreatorName: '',
    ...dimensions(uids.dimensions, isBinary ? [SEGMENT_DIMENSION, POSITION_DIMENSION] : [POSITION_DIMENSION]),
  };
  // Its value representation depends on the pixels'.
  const padding = isBinary ? [] : [element(0x00280120, 'US', Buffer.of(0, 0))];
  return dataset([
    ...commonElements(object),
    ...elementsOf(own),
    ...padding,
    referencedSeries(source),
    sequence(
      0x00620002,
      segments.map((segment) => item(encode(inTexts(segmentItem(segment, algorithm, uids.instance), object.copied)))),
    ),
    sequence(SHARED_GROUPS, [item(encode(sharedPlaneGroups(grid)))]),
  ]);
}

/** Writes an item a frame, some at a time. */
export async function inBatches<T>(file: ObjectFile, all: readonly T[], itemOf: (one: T) => Buffer): Promise<void> {
  for (let from = 0; from < all.length; from += 64)
    await file.write(Buffer.concat(all.slice(from, from + 64).map(itemOf)));
}
