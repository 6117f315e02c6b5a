import { cohort } from './cohort.js';
import { detectorTarget } from './detector.js';
import { gzip } from './gzip.js';
import { nifti } from './nifti.js';
import { onnx } from './onnx.js';
import { planFiles } from './plans.js';
import { preparation } from './preparation.js';
import type { Target } from './target.js';

/** @param detector folder of one that the command line made */
export function targetsFor(detector: string): readonly Target[] {
  return [nifti, gzip, preparation, planFiles, detectorTarget(detector), onnx, cohort];
}
