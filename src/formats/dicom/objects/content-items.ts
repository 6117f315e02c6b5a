import type { Triple } from '../../../chunks.js';
import type { SourceFrame } from '../dicom-source.js';
import { type Attributes, decimal } from './encode.js';
import { type Code, codeItem, referenceTo } from './references.js';

/** How an item of a report belongs to the one that it stands in (PS3.3 section C.17.3.2.4). */
export type Relationship = 'CONTAINS' | 'HAS OBS CONTEXT' | 'HAS CONCEPT MOD' | 'INFERRED FROM';

const UNITS: Code = ['1', 'UCUM', 'no units'];

function contentItem(
  relationship: Relationship,
  type: string,
  concept: Code,
  value: Attributes,
  children: readonly Attributes[] = [],
): Attributes {
  return {
    RelationshipType: relationship,
    ValueType: type,
    ConceptNameCodeSequence: [codeItem(concept)],
    ...value,
    ...(children.length > 0 && { ContentSequence: children }),
  };
}

export const text = (relationship: Relationship, concept: Code, value: string): Attributes =>
  contentItem(relationship, 'TEXT', concept, { TextValue: value });

export const coded = (relationship: Relationship, concept: Code, value: Code): Attributes =>
  contentItem(relationship, 'CODE', concept, { ConceptCodeSequence: [codeItem(value)] });

export const uid = (relationship: Relationship, concept: Code, value: string): Attributes =>
  contentItem(relationship, 'UIDREF', concept, { UID: value });

/** A number without unit, exact in double precision beside its decimal string. */
export const number = (concept: Code, value: number, children: readonly Attributes[]): Attributes =>
  contentItem(
    'CONTAINS',
    'NUM',
    concept,
    {
      MeasuredValueSequence: [
        {
          MeasurementUnitsCodeSequence: [codeItem(UNITS)],
          NumericValue: decimal(value),
          FloatingPointValue: value,
        },
      ],
    },
    children,
  );

export const container = (concept: Code, children: readonly Attributes[], template?: string): Attributes =>
  contentItem(
    'CONTAINS',
    'CONTAINER',
    concept,
    { ContinuityOfContent: 'SEPARATE', ...(template && { ContentTemplateSequence: [templateItem(template)] }) },
    children,
  );

export const templateItem = (identifier: string): Attributes => ({
  MappingResource: 'DCMR',
  TemplateIdentifier: identifier,
});

/** An image that something was taken from. */
export const image = (concept: Code, frame: SourceFrame): Attributes =>
  contentItem('INFERRED FROM', 'IMAGE', concept, { ReferencedSOPSequence: [referenceTo(frame)] });

/** A point in a frame of reference, LPS mm. */
export const point = (concept: Code, position: Triple, frameOfReference: string): Attributes =>
  contentItem('CONTAINS', 'SCOORD3D', concept, {
    GraphicType: 'POINT',
    GraphicData: [...position],
    ReferencedFrameOfReferenceUID: frameOfReference,
  });
