import type { Target } from '../target.js';
import { nifti } from './nifti.js';

/** What runs in the campaign's own process. */
export const inProcessTargets: readonly Target[] = [nifti];
/** What runs in processes of its own: a crash of onnxruntime takes its process along. */
export const childTargets: readonly Target[] = [];
