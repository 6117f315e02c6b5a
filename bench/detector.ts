import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CLI, runNode } from './measure.js';
import { buildUnet, nnunetShape } from './network.js';
import { syntheticScan } from './synthetic.js';

export interface BenchModel {
  readonly onnx: () => Uint8Array;
  readonly patch: readonly [number, number, number];
  readonly spacing: readonly [number, number, number];
}

/** A small network, where the network is not what is measured. */
export const SMALL: BenchModel = {
  onnx: () =>
    buildUnet({
      features: [8, 16, 32, 64],
      strides: [
        [1, 1, 1],
        [2, 2, 2],
        [2, 2, 2],
        [2, 2, 2],
      ],
      patch: [32, 64, 64],
    }),
  patch: [32, 64, 64],
  spacing: [5, 2.8, 2.8],
};

/** nnU-Net's shape for chest CT, as in the paper. */
export const NNUNET: BenchModel = { onnx: nnunetShape, patch: [28, 256, 256], spacing: [5, 0.74, 0.74] };

/**
 * Writes a model to FOLDER/model, fits the paper's detector to it with one synthetic scan and
 * returns the detector's folder. The scan is short: it is the scoring that is measured.
 */
export async function makeDetector(folder: string, model: BenchModel = SMALL): Promise<string> {
  const modelFolder = join(folder, 'model');
  mkdirSync(modelFolder);
  writeFileSync(join(modelFolder, 'model.onnx'), model.onnx());
  writeFileSync(
    join(modelFolder, 'plans.json'),
    JSON.stringify({
      transpose_forward: [0, 1, 2],
      foreground_intensity_properties_per_channel: {
        0: { mean: -500, std: 400, percentile_00_5: -1000, percentile_99_5: 300 },
      },
      configurations: {
        '3d_fullres': {
          patch_size: model.patch,
          spacing: model.spacing,
          normalization_schemes: ['CTNormalization'],
          use_mask_for_norm: [false],
          resampling_fn_data_kwargs: { is_seg: false, order: 3, order_z: 0, force_separate_z: null },
          resampling_fn_probabilities_kwargs: { is_seg: false, order: 1, order_z: 0, force_separate_z: null },
        },
      },
    }),
  );
  const labels = { labels: { background: 0, lesion: 1 } };
  writeFileSync(join(modelFolder, 'dataset.json'), JSON.stringify({ channel_names: { 0: 'CT' }, ...labels }));
  const scan = join(folder, 'train.nii');
  await pipeline(syntheticScan({ size: 512, slices: 30, spacing: [5, 0.6, 0.6] }), createWriteStream(scan));
  const detector = join(folder, 'detector');
  await runNode([CLI, 'fit', '-q', '-m', modelFolder, '--detector', 'mahalanobis', '-i', scan, '-o', detector]);
  return detector;
}
