import type { Writable } from 'node:stream';
import type { Scan } from '../../../chunks.js';
import type { SegmentResult, SubjectScore, Trust, Verdict } from '../../../results.js';
import type { Algorithm } from '../../volume-writer.js';
import { commonElements, fileHead, type ObjectOf, uidsOf } from './common.js';
import { coded, container, image, number, point, templateItem, text, uid } from './content-items.js';
import { copyAttributes, inTexts } from './copied.js';
import { type Attributes, dataset, elementsOf } from './encode.js';
import { createObjectFile, sourceOf } from './object-file.js';
import { DISTANCE } from './parametric-map.js';
import { planesOf, voxelCentre } from './planes.js';
import { type Code, codeItem, evidence, OWN_SCHEME } from './references.js';
import { derivedUid } from './uid.js';

/** What a report says. */
export interface ReportContent {
  readonly score: SubjectScore;
  /** What to expect of the segmentation, where there is one. */
  readonly quality?: SegmentResult['quality'];
  readonly trust?: Trust | undefined;
  /** In a sentence, why the verdict is what it is. */
  readonly reason: string;
  /** The detector. */
  readonly algorithm: Algorithm;
}

const own = (value: string, meaning: string): Code => [value, OWN_SCHEME, meaning];
const dcm = (value: string, meaning: string): Code => [value, 'DCM', meaning];

const VERDICTS: Readonly<Record<Verdict, Code>> = {
  'in-distribution': own('in', 'In distribution'),
  'out-of-distribution': own('out', 'Out of distribution'),
  uncalibrated: own('uncalibrated', 'Uncalibrated'),
};
const TRUST: Readonly<Record<Trust, Code>> = {
  yes: ['373066001', 'SCT', 'Yes'],
  no: ['373067005', 'SCT', 'No'],
  unknown: ['261665006', 'SCT', 'Unknown'],
};

/**
 * Writes a Comprehensive 3D SR (PS3.3 section A.35.13) after template TID 1500: the verdict and its
 * numbers, and where the patch lies that is farthest from the training patches.
 *
 * @throws SegcanaryError `usage` where the scan came from no DICOM series; `io`
 */
export async function writeReport(
  to: string | Writable,
  scan: Pick<Scan, 'case' | 'shape' | 'affine' | 'header'>,
  content: ReportContent,
): Promise<void> {
  const source = sourceOf(scan.header, scan.case);
  const object: ObjectOf = {
    kind: 'report',
    source,
    copied: await copyAttributes(source),
    algorithm: content.algorithm,
  };
  const file = await createObjectFile(to);
  try {
    await file.write(fileHead(object));
    await file.write(
      dataset([
        ...commonElements(object),
        evidence(source),
        ...elementsOf(inTexts(documentOf(object, scan, content), object.copied)),
      ]),
    );
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** Modules SR Document General and SR Document Content (PS3.3 section C.17). */
function documentOf(object: ObjectOf, scan: Pick<Scan, 'shape' | 'affine'>, content: ReportContent): Attributes {
  const { instance } = uidsOf(object);
  return {
    ReferencedPerformedProcedureStepSequence: [],
    CompletionFlag: 'COMPLETE',
    VerificationFlag: 'UNVERIFIED',
    PerformedProcedureCodeSequence: [],
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [codeItem(dcm('126000', 'Imaging Measurement Report'))],
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [templateItem('1500')],
    ContentSequence: [
      coded('HAS CONCEPT MOD', dcm('121049', 'Language of Content Item and Descendants'), ['en', 'RFC5646', 'English']),
      ...observer(content.algorithm),
      coded('HAS CONCEPT MOD', dcm('121058', 'Procedure reported'), ['363679005', 'SCT', 'Imaging procedure']),
      container(dcm('126010', 'Imaging Measurements'), [
        wholeScan(instance, content),
        ...worstPatch(object, scan, content),
      ]),
    ],
  };
}

/** A device has observed (TID 1002, 1004). */
const observer = ({ version }: Algorithm): Attributes[] => [
  coded('HAS OBS CONTEXT', dcm('121005', 'Observer Type'), dcm('121007', 'Device')),
  uid('HAS OBS CONTEXT', dcm('121012', 'Device Observer UID'), derivedUid('segcanary', version)),
  text('HAS OBS CONTEXT', dcm('121013', 'Device Observer Name'), 'segcanary'),
  text('HAS OBS CONTEXT', dcm('121014', 'Device Observer Manufacturer'), 'segcanary'),
  text('HAS OBS CONTEXT', dcm('121015', 'Device Observer Model Name'), 'segcanary'),
];

/** The scan as a whole (TID 1501). */
function wholeScan(scope: string, { score, quality, trust, reason, algorithm }: ReportContent): Attributes {
  const numbers: (readonly [Code, number | null | undefined])[] = [
    [own('score', 'Out-of-distribution score'), score.score],
    [own('p-value', 'Conformal p-value'), score.pValue],
    [own('boundary', 'Conformal boundary of the score'), score.boundary],
    [own('expected-dice', 'Expected Dice'), quality?.dice],
    [own('dice-at-least', 'Lower bound of the Dice'), quality?.atLeast],
  ];
  return container(
    dcm('125007', 'Measurement Group'),
    [
      ...tracked('scan', scope),
      coded('CONTAINS', dcm('121071', 'Finding'), VERDICTS[score.verdict]),
      ...algorithmItems(algorithm),
      ...numbers.flatMap(([concept, value]) =>
        value === null || value === undefined ? [] : [number(concept, value, algorithmItems(algorithm))],
      ),
      ...(trust ? [coded('CONTAINS', own('trust', 'Trust in the segmentation'), TRUST[trust])] : []),
      text('CONTAINS', own('reason', 'Reason for the verdict'), reason),
      ...(quality?.note ? [text('CONTAINS', own('quality-note', 'Note on the expected Dice'), quality.note)] : []),
      ...score.warnings.map(({ message }) => text('CONTAINS', own('warning', 'Warning'), message)),
      text('CONTAINS', own('use', 'Intended use'), 'For research use only; not for diagnosis.'),
    ],
    '1501',
  );
}

/** Where the worst patch is, as a region of one point (TID 1410). */
function worstPatch(
  { source, kind, algorithm }: ObjectOf,
  scan: Pick<Scan, 'shape' | 'affine'>,
  { score }: ReportContent,
): Attributes[] {
  if (score.worstPatch === null) return [];
  const { distance, centre } = score.worstPatch;
  const { instance, frameOfReference } = uidsOf({ source, kind, algorithm });
  const plane = planesOf(scan, source).planes.find(({ z }) => z === centre[2]);
  return [
    container(
      dcm('125007', 'Measurement Group'),
      [
        ...tracked('worst patch', instance),
        coded('CONTAINS', dcm('121071', 'Finding'), own('worst-patch', 'Centre of the patch farthest from training')),
        point(dcm('111030', 'Image Region'), voxelCentre(scan, centre), frameOfReference),
        number(DISTANCE, distance, [
          ...algorithmItems(algorithm),
          ...(plane ? [image(dcm('121112', 'Source of Measurement'), plane.frame)] : []),
        ]),
      ],
      '1410',
    ),
  ];
}

const tracked = (name: string, scope: string): Attributes[] => [
  text('HAS OBS CONTEXT', dcm('112039', 'Tracking Identifier'), name),
  uid('HAS OBS CONTEXT', dcm('112040', 'Tracking Unique Identifier'), derivedUid(scope, name)),
];

/** What computed it (TID 4019). */
const algorithmItems = ({ name, version }: Algorithm): Attributes[] => [
  text('HAS CONCEPT MOD', dcm('111001', 'Algorithm Name'), name),
  text('HAS CONCEPT MOD', dcm('111003', 'Algorithm Version'), version),
];
