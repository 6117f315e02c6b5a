import type { Writable } from 'node:stream';
import { TempFile } from '../../../files/temp-file.js';
import type { ImageDescription, VolumeOptions, VolumeWriter } from '../../volume-writer.js';
import { commonElements, fileHead, imageReference, type ObjectOf, uidsOf } from './common.js';
import { copyAttributes } from './copied.js';
import {
  type Attributes,
  dataset,
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
  sharedPlaneGroups,
} from './functional-groups.js';
import { createObjectFile, refuseMisfit, refuseTooFew, refuseTooLong, sourceOf, writerOver } from './object-file.js';
import { type ObjectPlanes, planesOf } from './planes.js';
import { type Code, codeItem, OWN_SCHEME, referencedSeries } from './references.js';
import { inBatches } from './segmentation-file.js';

const DERIVED: Code = ['110001', 'DCM', 'Image Processing'];
const QUANTITY: Code = ['246205007', 'SCT', 'Quantity'];
const BODY: Code = ['123037004', 'SCT', 'Body structure'];
const NO_UNITS: Code = ['1', 'UCUM', 'no units'];
/** What a voxel of the map is. */
export const DISTANCE: Code = ['distance', OWN_SCHEME, 'Distance from training patches'];
const FLOAT_PIXEL_DATA = 0x7fe00008;

/**
 * Opens `to` for a Parametric Map (PS3.3 section A.75): float32, a frame a slice, ascending along
 * row x column, in the source's matrix, because viewers take its frames for the source's in turn.
 *
 * @throws SegcanaryError `usage` where the scan came from no DICOM series; `io`, `truncated`,
 *   `scan-unsuitable`, `limit-exceeded`
 */
export async function createParametricMap(
  to: string | Writable,
  { scan }: Pick<VolumeOptions, 'scan'>,
  { algorithm, tmpdir }: ImageDescription,
): Promise<VolumeWriter<'float32'>> {
  const source = sourceOf(scan.header, scan.case);
  const grid = planesOf(scan, source);
  const copied = await copyAttributes(source);
  const file = await createObjectFile(to);
  const object: ObjectOf = { kind: 'map', source, copied, algorithm };
  const bytes = 4 * grid.rows * grid.columns;
  const spool = TempFile.open(tmpdir, scan.case);
  const range = { min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY };
  let written = 0;

  const add = async (voxels: Float32Array) => {
    refuseMisfit(file.label, voxels, written++, scan.shape);
    for (let i = 0; i < voxels.length; i++) {
      if (voxels[i] < range.min) range.min = voxels[i];
      if (voxels[i] > range.max) range.max = voxels[i];
    }
    await spool.append(grid.toFrame(voxels));
  };

  const finish = async () => {
    refuseTooFew(file.label, written, scan.shape[0]);
    const length = bytes * grid.planes.length;
    refuseTooLong(file.label, length);
    await file.write(fileHead(object));
    await file.write(header(object, grid, range));
    await file.write(sequenceStart(0x52009230));
    const groupsOf = planeGroups(DERIVED);
    await inBatches(file, [...grid.planes.entries()], ([rank, plane]) =>
      frameItem(groupsOf(plane), frameContent(rank + 1)),
    );
    await file.write(SEQUENCE_END);
    await file.write(elementHead(FLOAT_PIXEL_DATA, 'OF', length));
    const frame = new Uint8Array(bytes);
    for (const { z } of grid.planes) {
      await spool.read(frame, z * bytes);
      await file.write(frame);
    }
    await file.commit();
    await spool.close();
  };

  return writerOver(spool, file, { add, finish });
}

function header(object: ObjectOf, grid: ObjectPlanes, range: { readonly min: number; readonly max: number }): Buffer {
  const uids = uidsOf(object);
  const imageType = ['DERIVED', 'PRIMARY', 'VOLUME', 'QUANTITY'];
  const own: Attributes = {
    ...imageReference(uids),
    ImageType: imageType,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    NumberOfFrames: grid.planes.length,
    Rows: grid.rows,
    Columns: grid.columns,
    BitsAllocated: 32,
    LossyImageCompression: '00',
    PresentationLUTShape: 'IDENTITY',
    BurnedInAnnotation: 'NO',
    RecognizableVisualFeatures: 'NO',
    ContentLabel: 'UNCERTAINTY',
    ContentDescription: '',
    ContentCreatorName: '',
    ContentQualification: 'RESEARCH',
    AcquisitionContextSequence: [],
    ...dimensions(uids.dimensions, [POSITION_DIMENSION]),
  };
  const shared: Attributes = {
    ...sharedPlaneGroups(grid),
    // No anatomy is known, and dcmqi crashes where none is said.
    FrameAnatomySequence: [{ FrameLaterality: 'U', AnatomicRegionSequence: [codeItem(BODY)] }],
    FrameVOILUTSequence: [
      {
        // The linear one allows no width below 1 (PS3.3 section C.11.2.1.3.2).
        VOILUTFunction: 'LINEAR_EXACT',
        WindowCenter: String(Math.fround((range.min + range.max) / 2).toPrecision(6)),
        WindowWidth: String(Math.max(range.max - range.min, 1e-6).toPrecision(6)),
      },
    ],
    ParametricMapFrameTypeSequence: [{ FrameType: imageType }],
    PixelValueTransformationSequence: [{ RescaleIntercept: '0', RescaleSlope: '1', RescaleType: 'US' }],
    RealWorldValueMappingSequence: [
      {
        DoubleFloatRealWorldValueFirstValueMapped: range.min,
        DoubleFloatRealWorldValueLastValueMapped: range.max,
        RealWorldValueIntercept: 0,
        RealWorldValueSlope: 1,
        LUTExplanation: 'Distance from training patches',
        LUTLabel: 'distance',
        MeasurementUnitsCodeSequence: [codeItem(NO_UNITS)],
        QuantityDefinitionSequence: [
          {
            ValueType: 'CODE',
            ConceptNameCodeSequence: [codeItem(QUANTITY)],
            ConceptCodeSequence: [codeItem(DISTANCE)],
          },
        ],
      },
    ],
  };
  return dataset([
    ...commonElements(object),
    ...elementsOf(own),
    referencedSeries(object.source),
    sequence(0x52009229, [item(encode(shared))]),
  ]);
}
