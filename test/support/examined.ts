import { join } from 'node:path';
import { OUTPUT_METHODS } from '../../src/detectors/outputs/registry.js';
import { openScan } from '../../src/formats/open.js';
import { openSegmentationModel } from '../../src/network/folder.js';
import { parseModel } from '../../src/network/onnx/parse.js';
import { openSampler } from '../../src/network/sampler.js';
import { suggestTap } from '../../src/network/taps.js';
import { examineScan } from '../../src/scans/examine.js';
import { temporaryFolder } from './folder.js';
import { writeScan } from './scans.js';

const folder = join(import.meta.dirname, '../fixtures/segment/synthetic/nnUNetTrainer__nnUNetPlans__3d_fullres');

/** Examines the oracle's scan; the truth is a file of its own, or none. */
export async function examine(options: Parameters<typeof openSampler>[2] = {}, truth?: string) {
  const model = await openSegmentationModel(folder);
  const [{ onnx, path: name }] = model.folds as [(typeof model.folds)[0]];
  const tap = suggestTap(parseModel(onnx, name).graph)!;
  const sampler = await openSampler([{ name, onnx, tap }], model.segmentation.heads, options);
  const path = join(await temporaryFolder(), 'scan.nii.gz');
  await writeScan({ path, seed: 7, shape: [40, 90, 84] });
  return examineScan(await openScan(path), {
    case: 'scan',
    plan: model.plan,
    segmentation: model.segmentation,
    sampler,
    outputs: OUTPUT_METHODS,
    truth: truth ? { file: truth, bytes: await openScan(truth) } : undefined,
  });
}
