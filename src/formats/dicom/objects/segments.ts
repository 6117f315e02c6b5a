import type { SegmentationPlan, SegmentCodes } from '../../../plan.js';
import type { Algorithm } from '../../volume-writer.js';
import { dcmjs } from '../quiet.js';
import { type Attributes, short } from './encode.js';
import { type Code, codeItem, OWN_SCHEME } from './references.js';
import { derivedUid } from './uid.js';

/** One segment: what it is called, and the labels of the voxels in it. */
export interface Segment {
  readonly number: number;
  readonly name: string;
  readonly labels: readonly number[];
  readonly codes: SegmentCodes | undefined;
}

/** What is segmented, by name; without a plan, labels that are called by their numbers. */
export type Segmentation = Pick<SegmentationPlan, 'labels' | 'regionsClassOrder' | 'codes'>;

/**
 * Segments of a binary segmentation, numbered from 1: one a label, or one a region, which may
 * overlap as it was trained.
 *
 * @param present labels with a voxel, used where nothing names them
 */
export function binarySegments(segmentation: Segmentation | undefined, present: readonly number[]): Segment[] {
  const named = segmentation ? foreground(segmentation) : present.map((label) => [`label ${label}`, [label]] as const);
  return named.map(([name, labels], i) => ({ number: i + 1, name, labels, codes: segmentation?.codes?.[name] }));
}

/** Segments of a labelmap, whose numbers are labels: one of several regions is called by all. */
export function labelSegments(segmentation: Segmentation | undefined, present: readonly number[]): Segment[] {
  const named = segmentation ? foreground(segmentation) : [];
  const labels = new Set(segmentation ? named.flatMap(([, all]) => all) : present);
  return [...labels]
    .filter((label) => label > 0)
    .sort((a, b) => a - b)
    .map((label) => {
      const names = named.filter(([, all]) => all.includes(label)).map(([name]) => name);
      const codes = names.length === 1 ? segmentation?.codes?.[names[0]] : undefined;
      return { number: label, name: names.join(', ') || `label ${label}`, labels: [label], codes };
    });
}

/** Labels and regions without the background; labels ascending, regions as the plan has them. */
function foreground({ labels, regionsClassOrder }: Segmentation): (readonly [string, readonly number[]])[] {
  const all = Object.entries(labels)
    .map(([name, value]) => [name, typeof value === 'number' ? [value] : value] as const)
    .filter(([, values]) => values.some((value) => value > 0));
  return regionsClassOrder ? all : all.toSorted(([, a], [, b]) => a[0] - b[0]);
}

const ANATOMICAL_STRUCTURE: Code = ['123037004', 'SCT', 'Anatomical Structure'];
const ARTIFICIAL_INTELLIGENCE: Code = ['123110', 'DCM', 'Artificial Intelligence'];

/**
 * An item of the Segment Sequence (PS3.3 section C.8.20.4). A label that has no codes gets one
 * that says its name and is nobody else's.
 *
 * @param scope of the tracking UID: the object's instance
 */
export function segmentItem({ number, name, codes }: Segment, algorithm: Algorithm, scope: string): Attributes {
  const own: Code = [`label-${number}`, OWN_SCHEME, short(name, 64)];
  const [category, type] = [
    codes?.SegmentedPropertyCategoryCodeSequence ?? codeItem(ANATOMICAL_STRUCTURE),
    codes?.SegmentedPropertyTypeCodeSequence ?? codeItem(own),
  ];
  const modifier = codes?.SegmentedPropertyTypeModifierCodeSequence;
  const attributes: Attributes = {
    SegmentNumber: number,
    SegmentLabel: short(name, 64),
    SegmentAlgorithmType: 'AUTOMATIC',
    SegmentAlgorithmName: short(algorithm.name, 64),
    SegmentationAlgorithmIdentificationSequence: [algorithmItem(algorithm)],
    SegmentedPropertyCategoryCodeSequence: [plainCode(category)],
    SegmentedPropertyTypeCodeSequence: [
      { ...plainCode(type), ...(modifier && { SegmentedPropertyTypeModifierCodeSequence: [plainCode(modifier)] }) },
    ],
    TrackingID: short(name, 64),
    TrackingUID: derivedUid(scope, 'segment', String(number)),
    RecommendedDisplayCIELabValue: cieLab(codes?.recommendedDisplayRGBValue ?? colourOf(number)),
  };
  return attributes;
}

const plainCode = (code: object): Attributes => Object.fromEntries(Object.entries(code));

/** What made something (PS3.3 section 10.16). */
export const algorithmItem = ({ name, version }: Algorithm): Attributes => ({
  AlgorithmFamilyCodeSequence: [codeItem(ARTIFICIAL_INTELLIGENCE)],
  AlgorithmName: short(name, 64),
  // A hash in hex, which is as long as this may be.
  AlgorithmVersion: short(version.replace(/^sha256:/, ''), 64),
  AlgorithmSource: 'segcanary',
});

/** Colours that differ: hues a golden angle apart, bright and less bright in turn. */
export function colourOf(number: number): readonly [number, number, number] {
  const hue = (((number - 1) * 137.508) % 360) / 60;
  const value = number % 2 === 1 ? 230 : 170;
  const part = (offset: number) => {
    const k = (offset + hue) % 6;
    return Math.round(value * (1 - 0.8 * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [part(5), part(3), part(1)];
}

/** PCS values of a colour as DICOM encodes them (PS3.3 section C.10.7.1.1). */
function cieLab(rgb: readonly number[]): number[] {
  const [r, g, b] = rgb.map((part) => part / 255);
  return dcmjs.data.Colors.rgb2DICOMLAB([r, g, b]).map((part) => Math.round(part));
}
