import type { Target } from '../target.js';
import { gzip } from './gzip.js';
import { nifti } from './nifti.js';
import { preparation } from './preparation.js';

/** What runs in the campaign's own process. */
export const inProcessTargets: readonly Target[] = [nifti, gzip, preparation];
/** What runs in processes of its own: a crash of onnxruntime takes its process along. */
export const childTargets: readonly Target[] = [];
