import type { ImageReader } from '../../../plan.js';
import { nibabelRules } from './nibabel.js';
import type { ReaderRules } from './reader-rules.js';
import { simpleItkRules } from './simpleitk.js';
import { millimetresOf } from './units.js';

const rules: Readonly<Record<ImageReader, ReaderRules>> = {
  simpleitk: simpleItkRules,
  nibabel: nibabelRules,
};

/**
 * The rules of a reader. Where none is named they are nibabel's with units honoured, which is what
 * detectors of earlier versions were fitted under.
 */
export const rulesOf = (reader: ImageReader | undefined): ReaderRules =>
  reader ? rules[reader] : { ...nibabelRules, millimetres: millimetresOf };
