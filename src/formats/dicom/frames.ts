import type { Triple } from '../../chunks.js';
import type { FrameDimensions, FrameHeader } from './dicom-header.js';
import { IN_MACROS, MACROS, TAGS } from './tags.js';
import type { Values } from './values.js';

type Orientation = NonNullable<FrameHeader['orientation']>;

/**
 * The one frame of a single-frame object: Image Plane and Modality LUT modules, PS3.3 C.7.6.2 and
 * C.11.1.
 *
 * @throws SegcanaryError `dicom-invalid` for a number that is none
 */
export function singleFrame(values: Values, modality: string): FrameHeader {
  return {
    index: 0,
    position: triple(values.decimals(TAGS.position, 3)),
    orientation: six(values.decimals(TAGS.orientation, 6)),
    pixelSpacing: pair(values.decimals(TAGS.pixelSpacing, 2)),
    sliceThickness: values.decimal(TAGS.sliceThickness),
    slope: slopeOf(values),
    intercept: values.decimal(TAGS.intercept) ?? 0,
    unit: unitOf(values, modality),
    instanceNumber: values.label(TAGS.instanceNumber),
    dimensions: {
      stack: null,
      temporal: values.label(TAGS.temporal),
      echoTime: values.decimal(TAGS.echoTime),
      bValue: values.double(TAGS.bValue),
      triggerTime: values.decimal(TAGS.triggerTime),
      acquisition: values.label(TAGS.acquisition),
      indices: [],
      type: null,
    },
  };
}

/**
 * A frame of an enhanced object, from what it says itself and what all frames share: PS3.3
 * C.7.6.16.2.
 *
 * @param own its item of Per-Frame Functional Groups
 * @param shared the item of Shared Functional Groups; null where there is none
 * @throws SegcanaryError `dicom-invalid`
 */
export function enhancedFrame(index: number, own: Values | null, shared: Values | null): FrameHeader {
  const macro = (sequence: (typeof MACROS)[keyof typeof MACROS]) =>
    own?.item(sequence) ?? shared?.item(sequence) ?? null;
  const measures = macro(MACROS.pixelMeasures);
  const values = macro(MACROS.pixelValues);
  const content = macro(MACROS.frameContent);
  const type = macro(MACROS.ctFrameType) ?? macro(MACROS.mrFrameType) ?? macro(MACROS.petFrameType);
  const echo = macro(MACROS.mrEcho);
  const position = macro(MACROS.planePosition);
  const orientation = macro(MACROS.planeOrientation);
  return {
    index,
    position: triple(position?.decimals(TAGS.position, 3) ?? null),
    orientation: six(orientation?.decimals(TAGS.orientation, 6) ?? null),
    pixelSpacing: pair(measures?.decimals(TAGS.pixelSpacing, 2) ?? null),
    sliceThickness: measures?.decimal(TAGS.sliceThickness) ?? null,
    slope: values === null ? 1 : slopeOf(values),
    intercept: values?.decimal(TAGS.intercept) ?? 0,
    unit: values === null ? null : statedUnit(values),
    instanceNumber: null,
    dimensions: {
      stack: content?.text(IN_MACROS.stack) ?? null,
      temporal: content?.unsigned32s(IN_MACROS.temporalIndex)[0] ?? null,
      echoTime: echo?.double(IN_MACROS.effectiveEchoTime) ?? null,
      bValue: macro(MACROS.mrDiffusion)?.double(TAGS.bValue) ?? null,
      triggerTime: null,
      acquisition: content?.unsigned(IN_MACROS.acquisition) ?? null,
      indices: content?.unsigned32s(IN_MACROS.dimensions) ?? [],
      type: type?.text(IN_MACROS.frameType) ?? null,
    } satisfies FrameDimensions,
  };
}

/** PET has an attribute of its own; a CT that is rescaled to no stated unit has HU: C.8.2.1.1.2. */
function unitOf(values: Values, modality: string): string | null {
  if (modality === 'PT') return values.text(TAGS.units);
  return statedUnit(values) ?? (modality === 'CT' && values.has(TAGS.intercept) ? 'HU' : null);
}

/** Rescale Type, unless it is US, "unspecified". */
function statedUnit(values: Values): string | null {
  const unit = values.text(TAGS.rescaleType);
  return unit === 'US' ? null : unit;
}

/** A slope of 0 would make one value of all voxels: it is what nobody filled in. */
function slopeOf(values: Values): number {
  const slope = values.decimal(TAGS.slope) ?? 1;
  if (slope === 0) throw values.wrong(TAGS.slope, 'is 0, which would make one value of all voxels');
  return slope;
}

const triple = (numbers: readonly number[] | null): Triple | null => numbers && [numbers[0], numbers[1], numbers[2]];

const pair = (numbers: readonly number[] | null): readonly [number, number] | null =>
  numbers && [numbers[0], numbers[1]];

const six = (numbers: readonly number[] | null): Orientation | null =>
  numbers && [numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]];
