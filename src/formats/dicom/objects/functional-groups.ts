import { type Attributes, decimal, element, encode, item, sequence } from './encode.js';
import type { ObjectPlane, ObjectPlanes } from './planes.js';
import { type Code, codeItem, referenceBytes } from './references.js';

const SOURCE_IMAGE: Code = ['121322', 'DCM', 'Source image for image processing operation'];

/** Groups that all frames share: Plane Orientation and Pixel Measures (PS3.3 section C.7.6.16). */
export const sharedPlaneGroups = ({ orientation, pixelSpacing, distance }: ObjectPlanes): Attributes => ({
  PlaneOrientationSequence: [{ ImageOrientationPatient: orientation.map(decimal) }],
  PixelMeasuresSequence: [
    {
      SliceThickness: decimal(distance),
      SpacingBetweenSlices: decimal(distance),
      PixelSpacing: pixelSpacing.map(decimal),
    },
  ],
});

/**
 * Groups of a plane: what it was derived from, and where it lies.
 * They stand before and behind Frame Content, which has a tag in between. They are put together
 * from bytes, because what an encoder makes and lets go for each of thousands adds up.
 */
export function planeGroups(derivation: Code): (plane: ObjectPlane) => readonly [Buffer, Buffer] {
  const purpose = encode({ PurposeOfReferenceCodeSequence: [codeItem(SOURCE_IMAGE)] });
  const code = encode({ DerivationCodeSequence: [codeItem(derivation)] });
  const moved = encode({ SpatialLocationsPreserved: 'NO' });
  return ({ position, frame, isInPlace }) => {
    const source = item(referenceBytes(frame), isInPlace ? Buffer.of() : moved, purpose);
    const at = element(0x00200032, 'DS', Buffer.from(position.map(decimal).join('\\'))).bytes;
    return [
      sequence(0x00089124, [item(sequence(0x00082112, [source]).bytes, code)]).bytes,
      sequence(0x00209113, [item(at)]).bytes,
    ];
  };
}

/**
 * Frame Content with the place of a frame in the dimensions. There may be hundreds of thousands, so
 * they are put together from bytes.
 */
export function frameContent(...index: readonly number[]): Buffer {
  const content = Buffer.alloc(28 + 4 * index.length);
  // (0020,9111) SQ, its item, (0020,9157) UL.
  content.set([0x20, 0, 0x11, 0x91, 0x53, 0x51, 0, 0], 0);
  content.writeUInt32LE(16 + 4 * index.length, 8);
  content.set([0xfe, 0xff, 0, 0xe0], 12);
  content.writeUInt32LE(8 + 4 * index.length, 16);
  content.set([0x20, 0, 0x57, 0x91, 0x55, 0x4c], 20);
  content.writeUInt16LE(4 * index.length, 26);
  for (const [i, value] of index.entries()) content.writeUInt32LE(value, 28 + 4 * i);
  return content;
}

/** An item of the Per-Frame Functional Groups Sequence. */
export const frameItem = (
  [before, behind]: readonly [Buffer, Buffer],
  content: Buffer,
  segment: Buffer = Buffer.of(),
): Buffer => item(before, content, behind, segment);

/** A dimension that frames are indexed by: an attribute, and the group that it is in. */
export interface Dimension {
  readonly attribute: number;
  readonly group: number;
  readonly label: string;
}

export const SEGMENT_DIMENSION: Dimension = { attribute: 0x0062000b, group: 0x0062000a, label: 'Segment Number' };
export const POSITION_DIMENSION: Dimension = { attribute: 0x00200032, group: 0x00209113, label: 'Image Position' };

/** Module Multi-frame Dimension (PS3.3 section C.7.6.17). */
export const dimensions = (organization: string, all: readonly Dimension[]): Attributes => ({
  DimensionOrganizationSequence: [{ DimensionOrganizationUID: organization }],
  DimensionIndexSequence: all.map(({ attribute, group, label }) => ({
    DimensionOrganizationUID: organization,
    DimensionIndexPointer: attribute,
    FunctionalGroupPointer: group,
    DimensionDescriptionLabel: label,
  })),
});
