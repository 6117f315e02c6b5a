import { version } from '../../../version.js';
import type { Algorithm } from '../../volume-writer.js';
import type { DicomSource } from '../dicom-source.js';
import { type CopiedAttributes, firstOf } from './copied.js';
import { type Attributes, type Element, elementsOf, encode, short } from './encode.js';
import { IMPLEMENTATION, KINDS, type ObjectKind } from './kinds.js';
import { derivedUid } from './uid.js';

const EXPLICIT_LITTLE_ENDIAN = '1.2.840.10008.1.2.1';

/** What an object is of, and by. */
export interface ObjectOf {
  readonly kind: ObjectKind;
  readonly source: DicomSource;
  readonly copied: CopiedAttributes;
  readonly algorithm: Algorithm;
}

/** UIDs of an object and of the series that it is in, of which it is the only one. */
export function uidsOf({ kind, source, algorithm }: Omit<ObjectOf, 'copied'>) {
  // Two volumes of one series have first instances of their own.
  const parts = [source.series, firstOf(source).sopInstance, algorithm.version, kind];
  return {
    instance: derivedUid(...parts),
    series: derivedUid(...parts, 'series'),
    dimensions: derivedUid(...parts, 'dimensions'),
    frameOfReference: source.frameOfReference ?? derivedUid(source.series, 'frame of reference'),
  };
}

/** Preamble and file meta information (PS3.10 section 7.1). */
export function fileHead(object: Omit<ObjectOf, 'copied'>): Buffer {
  const meta = encode({
    FileMetaInformationVersion: Uint8Array.of(0, 1).buffer,
    MediaStorageSOPClassUID: KINDS[object.kind].sopClass,
    MediaStorageSOPInstanceUID: uidsOf(object).instance,
    TransferSyntaxUID: EXPLICIT_LITTLE_ENDIAN,
    ImplementationClassUID: IMPLEMENTATION,
    ImplementationVersionName: short(`SEGCANARY_${version}`, 16),
  });
  return Buffer.concat([
    Buffer.alloc(128),
    Buffer.from('DICM'),
    encode({ FileMetaInformationGroupLength: meta.length }),
    meta,
  ]);
}

/**
 * What all objects have: modules Patient, General Study, General Series, Frame of Reference,
 * Enhanced General Equipment and SOP Common (PS3.3 sections C.7 and C.12). Patient and study are
 * the source's; the rest is segcanary's own.
 */
export function commonElements(object: ObjectOf): Element[] {
  const { kind, source, copied } = object;
  const { sopClass, modality, number, description } = KINDS[kind];
  const uids = uidsOf(object);
  const own: Attributes = {
    SOPClassUID: sopClass,
    SOPInstanceUID: uids.instance,
    StudyInstanceUID: source.study,
    SeriesInstanceUID: uids.series,
    // A map has that of its source (PS3.3 section C.8.32.1).
    Modality: modality ?? source.modality,
    SeriesNumber: seriesNumber(copied.seriesNumber, number),
    SeriesDescription: description,
    InstanceNumber: 1,
    ContentDate: copied.date,
    ContentTime: copied.time,
    Manufacturer: 'segcanary',
    ManufacturerModelName: 'segcanary',
    DeviceSerialNumber: '1',
    SoftwareVersions: version,
  };
  return [...copied.elements, ...elementsOf(own)];
}

/** Module Frame of Reference (PS3.3 section C.7.4.1). */
export const imageReference = ({ frameOfReference }: { readonly frameOfReference: string }): Attributes => ({
  FrameOfReferenceUID: frameOfReference,
  PositionReferenceIndicator: '',
});

/** Behind the source's: those of series 4 are 401, 402, …; of very long numbers 9001, …. */
const seriesNumber = (source: number | null, number: number): number =>
  source === null || source > 20_000_000 ? 9000 + number : 100 * source + number;
