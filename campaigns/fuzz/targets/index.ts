import type { Target } from '../target.js';
import { answers } from './answers.js';
import { tar, zip } from './archives.js';
import { cohort } from './cohort.js';
import { inspect, score, taps } from './commands.js';
import { detector } from './detector.js';
import { dicomFrames } from './dicom-frames.js';
import { dicomHeader } from './dicom-header.js';
import { dimse } from './dimse.js';
import { gzip } from './gzip.js';
import { multipart } from './multipart.js';
import { nifti } from './nifti.js';
import { onnx } from './onnx.js';
import { plans } from './plans.js';
import { preparation } from './preparation.js';
import { safetensors } from './safetensors.js';

/** What runs in the campaign's own process. */
export const inProcessTargets: readonly Target[] = [
  nifti,
  gzip,
  preparation,
  plans,
  safetensors,
  detector,
  onnx,
  cohort,
  answers,
  dimse,
  multipart,
  zip,
  tar,
  dicomHeader,
  dicomFrames,
];
/** What runs in processes of its own: a crash of onnxruntime takes its process along. */
export const childTargets: readonly Target[] = [taps, inspect, score];
