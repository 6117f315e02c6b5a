import { readPlan } from '../../src/network/plans/read.js';

export const intensity = {
  max: 3071,
  mean: -110.5,
  median: -20,
  min: -1024,
  percentile_00_5: -998,
  percentile_99_5: 912,
  std: 371.4,
};

/**
 * A configuration as nnU-Net 2.8 writes it, what segcanary does not read left out where it is long.
 */
export const fullres = {
  data_identifier: 'nnUNetPlans_3d_fullres',
  preprocessor_name: 'DefaultPreprocessor',
  batch_size: 2,
  patch_size: [28, 256, 256],
  median_image_size_in_voxels: [90, 400, 400],
  spacing: [5.0, 0.79, 0.8],
  normalization_schemes: ['CTNormalization'],
  use_mask_for_norm: [false],
  resampling_fn_data: 'resample_data_or_seg_to_shape',
  resampling_fn_seg: 'resample_data_or_seg_to_shape',
  resampling_fn_data_kwargs: { is_seg: false, order: 3, order_z: 0, force_separate_z: null },
  architecture: { network_class_name: 'dynamic_network_architectures.architectures.unet.PlainConvUNet' },
  batch_dice: false,
};

export const plans = {
  dataset_name: 'Dataset001_Lung',
  plans_name: 'nnUNetPlans',
  original_median_spacing_after_transp: [5.0, 0.79, 0.8],
  image_reader_writer: 'SimpleITKIO',
  transpose_forward: [2, 0, 1],
  transpose_backward: [1, 2, 0],
  configurations: {
    '2d': { ...fullres, patch_size: [512, 512], spacing: [0.79, 0.8] },
    '3d_lowres': { ...fullres, spacing: [5, 1.6, 1.6], next_stage: '3d_cascade_fullres' },
    '3d_fullres': fullres,
    '3d_cascade_fullres': { inherits_from: '3d_fullres', previous_stage: '3d_lowres' },
  },
  experiment_planner_used: 'ExperimentPlanner',
  label_manager: 'LabelManager',
  foreground_intensity_properties_per_channel: { '0': intensity },
};

export type Change = Record<string, unknown>;

export const dataset = { channel_names: { '0': 'CT' }, labels: { background: 0, lung: 1 }, file_ending: '.nii.gz' };

export const read = (json: unknown, configuration = '3d_fullres', data: unknown = dataset) =>
  readPlan(json, data, configuration, 'plans.json');

export const withConfiguration = (change: Change, name = '3d_fullres') => ({
  ...plans,
  configurations: { ...plans.configurations, [name]: { ...fullres, ...change } },
});

/** The error that a call throws. */
export function refusal(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was refused');
}

export function withFullres(change: object) {
  return { ...plans, configurations: { '3d_fullres': { ...plans.configurations['3d_fullres'], ...change } } };
}

/** JSON.parse reads what JSON.stringify cannot write. */
export function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

/** As scripts/export_nnunet_v1.py writes it: two channels, two stages. */
export const v1 = {
  num_modalities: 2,
  modalities: { '0': 'CT', '1': 'PET' },
  normalization_schemes: { '0': 'CT', '1': 'nonCT' },
  use_mask_for_norm: { '0': false, '1': true },
  dataset_properties: {
    intensityproperties: { '0': { mean: -110.5, sd: 371.4, percentile_00_5: -998, percentile_99_5: 912 } },
  },
  num_classes: 2,
  all_classes: [1, 2],
  transpose_forward: [2, 0, 1],
  transpose_backward: [1, 2, 0],
  preprocessor_name: 'GenericPreprocessor',
  plans_per_stage: {
    '0': { patch_size: [64, 64, 64], current_spacing: [4, 2, 2] },
    '1': { patch_size: [28, 256, 256], current_spacing: [5, 0.79, 0.8] },
  },
};
