/** An attribute that is read: how dicom-parser calls it, and its name in PS3.6. */
export interface Attribute {
  readonly tag: string;
  readonly name: string;
}

const attribute = (tag: string, name: string): Attribute => ({ tag, name });

/** What is read of a header, and nothing else: neither patients nor private attributes. */
export const TAGS = {
  characterSet: attribute('x00080005', 'Specific Character Set'),
  imageType: attribute('x00080008', 'Image Type'),
  sopClass: attribute('x00080016', 'SOP Class UID'),
  sopInstance: attribute('x00080018', 'SOP Instance UID'),
  modality: attribute('x00080060', 'Modality'),
  manufacturer: attribute('x00080070', 'Manufacturer'),
  institution: attribute('x00080080', 'Institution Name'),
  station: attribute('x00081010', 'Station Name'),
  seriesDescription: attribute('x0008103e', 'Series Description'),
  model: attribute('x00081090', "Manufacturer's Model Name"),
  sliceThickness: attribute('x00180050', 'Slice Thickness'),
  echoTime: attribute('x00180081', 'Echo Time'),
  triggerTime: attribute('x00181060', 'Trigger Time'),
  kernel: attribute('x00181210', 'Convolution Kernel'),
  bValue: attribute('x00189087', 'Diffusion b-value'),
  study: attribute('x0020000d', 'Study Instance UID'),
  series: attribute('x0020000e', 'Series Instance UID'),
  seriesNumber: attribute('x00200011', 'Series Number'),
  acquisition: attribute('x00200012', 'Acquisition Number'),
  instanceNumber: attribute('x00200013', 'Instance Number'),
  position: attribute('x00200032', 'Image Position (Patient)'),
  orientation: attribute('x00200037', 'Image Orientation (Patient)'),
  frameOfReference: attribute('x00200052', 'Frame of Reference UID'),
  temporal: attribute('x00200100', 'Temporal Position Identifier'),
  samplesPerPixel: attribute('x00280002', 'Samples per Pixel'),
  photometric: attribute('x00280004', 'Photometric Interpretation'),
  frames: attribute('x00280008', 'Number of Frames'),
  rows: attribute('x00280010', 'Rows'),
  columns: attribute('x00280011', 'Columns'),
  pixelSpacing: attribute('x00280030', 'Pixel Spacing'),
  bitsAllocated: attribute('x00280100', 'Bits Allocated'),
  bitsStored: attribute('x00280101', 'Bits Stored'),
  highBit: attribute('x00280102', 'High Bit'),
  pixelRepresentation: attribute('x00280103', 'Pixel Representation'),
  padding: attribute('x00280120', 'Pixel Padding Value'),
  intercept: attribute('x00281052', 'Rescale Intercept'),
  slope: attribute('x00281053', 'Rescale Slope'),
  rescaleType: attribute('x00281054', 'Rescale Type'),
  lossy: attribute('x00282110', 'Lossy Image Compression'),
  modalityLut: attribute('x00283000', 'Modality LUT Sequence'),
  units: attribute('x00541001', 'Units'),
} as const;

/** Sequences of a functional group, one item each, and what is read of them: PS3.3 C.7.6.16.2. */
export const MACROS = {
  mrEcho: attribute('x00189114', 'MR Echo Sequence'),
  mrDiffusion: attribute('x00189117', 'MR Diffusion Sequence'),
  mrFrameType: attribute('x00189226', 'MR Image Frame Type Sequence'),
  ctFrameType: attribute('x00189329', 'CT Image Frame Type Sequence'),
  petFrameType: attribute('x00189751', 'PET Frame Type Sequence'),
  frameContent: attribute('x00209111', 'Frame Content Sequence'),
  planePosition: attribute('x00209113', 'Plane Position Sequence'),
  planeOrientation: attribute('x00209116', 'Plane Orientation Sequence'),
  pixelMeasures: attribute('x00289110', 'Pixel Measures Sequence'),
  pixelValues: attribute('x00289145', 'Pixel Value Transformation Sequence'),
  ctReconstruction: attribute('x00189314', 'CT Reconstruction Sequence'),
} as const;

export const IN_MACROS = {
  frameType: attribute('x00089007', 'Frame Type'),
  effectiveEchoTime: attribute('x00189082', 'Effective Echo Time'),
  stack: attribute('x00209056', 'Stack ID'),
  temporalIndex: attribute('x00209128', 'Temporal Position Index'),
  acquisition: attribute('x00209156', 'Frame Acquisition Number'),
  dimensions: attribute('x00209157', 'Dimension Index Values'),
} as const;

export const SHARED_GROUPS = 0x52009229;
export const PER_FRAME_GROUPS = 0x52009230;

/** The number of a tag: group * 65536 + element. */
export const tagNumber = ({ tag }: Attribute): number => Number.parseInt(tag.slice(1), 16);

/** `(0020,0032)` */
export const tagText = ({ tag }: Attribute): string => `(${tag.slice(1, 5)},${tag.slice(5)})`;
