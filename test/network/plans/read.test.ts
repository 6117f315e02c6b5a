import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readPlan } from '../../../src/network/plans/read.js';
import { planSchema } from '../../../src/network/plans/schema.js';

const intensity = {
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
const fullres = {
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

const plans = {
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
type Change = Record<string, unknown>;
const dataset = { channel_names: { '0': 'CT' }, labels: { background: 0, lung: 1 }, file_ending: '.nii.gz' };
const read = (json: unknown, configuration = '3d_fullres', data: unknown = dataset) =>
  readPlan(json, data, configuration, 'plans.json');
const withConfiguration = (change: Change, name = '3d_fullres') => ({
  ...plans,
  configurations: { ...plans.configurations, [name]: { ...fullres, ...change } },
});

/** The error that a call throws. */
function refusal(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('nothing was refused');
}

describe("nnU-Net's plans.json", () => {
  it('becomes a plan', () => {
    expect(read(plans)).toEqual({
      configuration: '3d_fullres',
      patchSize: [28, 256, 256],
      spacing: [5.0, 0.79, 0.8],
      transposeForward: [2, 0, 1],
      order: 'normalise-first',
      reader: 'as-stored',
      cropToNonzero: true,
      channels: [
        {
          name: 'CT',
          scheme: 'CTNormalization',
          useNonzeroMask: false,
          intensity: { mean: -110.5, std: 371.4, percentile005: -998, percentile995: 912 },
        },
      ],
      resampling: { order: 3, orderZ: 0, forceSeparateZ: null },
    });
  });

  it('survives the way through detector.json', () => {
    const plan = read(plans);
    expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
    expect(planSchema.safeParse({ ...plan, transposeForward: [0, 0, 1] }).success).toBe(false);
    expect(planSchema.safeParse({ ...plan, surplus: 1 }).success).toBe(false);
  });

  it('inherits along a chain, its own fields first', () => {
    const chain = {
      ...plans,
      configurations: {
        ...plans.configurations,
        bs4: { inherits_from: '3d_fullres', batch_size: 4, spacing: [4, 1, 1] },
        bs8: { inherits_from: 'bs4', batch_size: 8, patch_size: [32, 32, 32] },
      },
    };
    const plan = read(chain, 'bs8');
    expect(plan.patchSize).toEqual([32, 32, 32]);
    expect(plan.spacing).toEqual([4, 1, 1]);
    expect(plan.channels[0].scheme).toBe('CTNormalization');
  });

  it.each([
    ['a reader that every object has', { ...plans, image_reader_writer: 'toString' }, /image_reader_writer "toString"/],
    [
      'a parent that is no text',
      withFullres({ inherits_from: [{ toString: 1 }] }),
      /inherits from "\[\{"toString":1\}\]"/,
    ],
    ['a parent nested too deeply to be quoted', withFullres({ inherits_from: nested(20_000) }), /nested very deeply/],
    ['a scheme that cannot become text', withFullres({ normalization_schemes: [{ toString: 1 }] }), /\{"toString":1\}/],
    ['a patch of a thousand million voxels', withFullres({ patch_size: [1e9, 128, 128] }), /patch_size .* at most/],
  ])('refuses %s in a sentence', (_, plan, message) => {
    expect(refusal(() => read(plan)).message).toMatch(message);
  });

  it('refuses a circle and a missing parent', () => {
    const circle = { ...plans, configurations: { a: { inherits_from: 'b' }, b: { inherits_from: 'a' } } };
    expect(refusal(() => read(circle, 'a'))).toMatchObject({
      code: 'plan-invalid',
      message: 'plans.json: configurations inherit from each other in a circle: a -> b -> a.',
    });
    const orphan = { ...plans, configurations: { a: { inherits_from: 'gone' } } };
    expect(refusal(() => read(orphan, 'a'))).toMatchObject({
      code: 'plan-invalid',
      message: 'plans.json: configuration "a" inherits from "gone", which the plan does not have.',
    });
  });

  it('reads plans from before the architecture block and before channels had names', () => {
    const { foreground_intensity_properties_per_channel: _, ...older } = plans;
    const { architecture: __, ...flat } = fullres;
    const old = {
      ...older,
      foreground_intensity_properties_by_modality: { '0': intensity },
      configurations: {
        '3d_fullres': {
          ...flat,
          UNet_class_name: 'PlainConvUNet',
          UNet_base_num_features: 32,
          n_conv_per_stage_encoder: [2, 2, 2],
          n_conv_per_stage_decoder: [2, 2],
          num_pool_per_axis: [1, 2, 2],
          pool_op_kernel_sizes: [
            [1, 1, 1],
            [1, 2, 2],
            [2, 2, 2],
          ],
          conv_kernel_sizes: [
            [1, 3, 3],
            [3, 3, 3],
            [3, 3, 3],
          ],
          unet_max_num_features: 320,
        },
      },
    };
    expect(read(old, '3d_fullres', { modality: { '0': 'CT' }, labels: {} })).toEqual(read(plans));
  });

  it('names channels without a dataset.json by their number', () => {
    expect(readPlan(plans, undefined, '3d_fullres', 'plans.json').channels[0].name).toBe('channel 0');
  });

  it('knows the readers', () => {
    expect(read({ ...plans, image_reader_writer: 'NibabelIO' }).reader).toBe('as-stored');
    expect(read({ ...plans, image_reader_writer: 'NibabelIOWithReorient' }).reader).toBe('ras');
    for (const name of ['Tiff3DIO', 'NaturalImage2DIO', 'SimpleITKIOWithReorient']) {
      expect(refusal(() => read({ ...plans, image_reader_writer: name }))).toMatchObject({
        code: 'plan-unsupported',
        message: `plans.json: image_reader_writer "${name}" is not one that segcanary reproduces; it knows SimpleITKIO, NibabelIO, NibabelIOWithReorient.`,
      });
    }
  });

  it('takes the defaults of the resampling function where the plan leaves them out', () => {
    const plan = read(withConfiguration({ resampling_fn_data_kwargs: {} }));
    expect(plan.resampling).toEqual({ order: 3, orderZ: 0, forceSeparateZ: false });
  });

  it.each([
    [{ patch_size: [512, 512], spacing: [1, 1] }, 'is two-dimensional'],
    [{ previous_stage: '3d_lowres' }, 'is the second stage of a cascade (after "3d_lowres")'],
    [{ preprocessor_name: 'MyPreprocessor' }, 'uses the preprocessor "MyPreprocessor"'],
    [{ resampling_fn_data: 'resample_torch_fornnunet' }, 'resamples with "resample_torch_fornnunet"'],
    [{ resampling_fn_data: 'no_resampling_hack' }, 'resamples with "no_resampling_hack"'],
    [{ normalization_schemes: ['MyNormalization'] }, 'normalises with "MyNormalization"'],
  ])('refuses %j by name and says what would do', (change, what) => {
    const { code, message } = refusal(() => read(withConfiguration(change)));
    expect(code).toBe('plan-unsupported');
    expect(message).toContain(`plans.json: configuration "3d_fullres" ${what}`);
    expect(message).toMatch(/these would do: 3d_lowres\.$/);
  });

  it('refuses a configuration that is not there, and one of a cascade through what it inherits', () => {
    expect(refusal(() => read(plans, '3d_half')).message).toBe(
      'plans.json: has no configuration "3d_half"; these would do: 3d_lowres, 3d_fullres.',
    );
    expect(refusal(() => read(plans, '3d_cascade_fullres')).message).toContain('second stage of a cascade');
  });

  it.each([
    [{ resampling_fn_data_kwargs: { order: 2 } }, 'order'],
    [{ resampling_fn_data_kwargs: { order_z: 3 } }, 'order_z'],
    [{ resampling_fn_data_kwargs: { is_seg: true } }, 'is_seg'],
    [{ resampling_fn_data_kwargs: { separate_z_anisotropy_threshold: 2 } }, 'separate_z_anisotropy_threshold'],
    [{ resampling_fn_data_kwargs: { novelty: 1 } }, 'novelty'],
  ])('refuses resampling that it does not reproduce: %j', (change, field) => {
    const { code, message } = refusal(() => read(withConfiguration(change)));
    expect(code).toBe('plan-unsupported');
    expect(message).toContain(field);
  });

  it.each([
    [{ patch_size: [28, 256, '256'] }, 'configurations.3d_fullres.patch_size.2'],
    [{ patch_size: [28, 256, 0] }, 'configurations.3d_fullres.patch_size.2'],
    [{ spacing: [5, -1, 1] }, 'configurations.3d_fullres.spacing.1'],
    [{ normalization_schemes: 'CT' }, 'configurations.3d_fullres.normalization_schemes'],
  ])('names the field that is wrong: %j', (change, path) => {
    const { code, message } = refusal(() => read(withConfiguration(change)));
    expect(code).toBe('plan-invalid');
    expect(message).toContain(`plans.json: field ${path} is wrong: `);
    expect(message).toMatch(/\.$/);
    expect(message).not.toContain('\n');
  });

  it('names what CTNormalization lacks, and channels that do not match', () => {
    expect(refusal(() => read({ ...plans, foreground_intensity_properties_per_channel: {} })).message).toContain(
      'field foreground_intensity_properties_per_channel.0 is missing',
    );
    expect(refusal(() => read(withConfiguration({ use_mask_for_norm: [false, true] }))).message).toContain(
      'use_mask_for_norm has 2 entries and normalization_schemes 1',
    );
    expect(refusal(() => read({ ...plans, transpose_forward: [0, 1, 1] })).message).toContain('transpose_forward');
    expect(refusal(() => read(plans, '3d_fullres', { channel_names: ['CT'] })).message).toContain(
      'dataset.json beside plans.json: field channel_names',
    );
  });

  it('refuses what is no plan', () => {
    for (const other of [null, [], 3, 'plan', {}, { labels: {} }]) {
      expect(refusal(() => read(other))).toMatchObject({ code: 'plan-invalid' });
    }
  });
});

/** As scripts/export_nnunet_v1.py writes it: two channels, two stages. */
const v1 = {
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

function withFullres(change: object) {
  return { ...plans, configurations: { '3d_fullres': { ...plans.configurations['3d_fullres'], ...change } } };
}

/** JSON.parse reads what JSON.stringify cannot write. */
function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}

describe("nnU-Net v1's plans", () => {
  it('are refused with a scheme or a preprocessor that every object has', () => {
    expect(refusal(() => read({ ...v1, normalization_schemes: { 0: 'constructor', 1: 'CT' } }))).toMatchObject({
      code: 'plan-unsupported',
    });
    expect(refusal(() => read({ ...v1, preprocessor_name: 'toString' }))).toMatchObject({ code: 'plan-unsupported' });
  });

  it('become a plan that resamples first', () => {
    expect(read(v1)).toEqual({
      configuration: '3d_fullres',
      patchSize: [28, 256, 256],
      spacing: [5, 0.79, 0.8],
      transposeForward: [2, 0, 1],
      order: 'resample-first',
      reader: 'as-stored',
      cropToNonzero: true,
      channels: [
        {
          name: 'CT',
          scheme: 'CTNormalization',
          useNonzeroMask: false,
          intensity: { mean: -110.5, std: 371.4, percentile005: -998, percentile995: 912 },
        },
        { name: 'PET', scheme: 'ZScoreNormalization', useNonzeroMask: true },
      ],
      resampling: { order: 3, orderZ: 0, forceSeparateZ: null },
    });
    expect(planSchema.parse(read(v1))).toEqual(read(v1));
  });

  it('have the low resolution in the first of two stages, and the full one in the last', () => {
    expect(read(v1, '3d_lowres').patchSize).toEqual([64, 64, 64]);
    const single = { ...v1, plans_per_stage: { '0': v1.plans_per_stage[1] } };
    expect(read(single).spacing).toEqual([5, 0.79, 0.8]);
  });

  it('may say less, or resample linearly', () => {
    const { transpose_forward: _, preprocessor_name: __, ...old } = v1;
    expect(read(old)).toMatchObject({ transposeForward: [0, 1, 2], resampling: { order: 3 } });
    expect(read({ ...v1, preprocessor_name: 'GenericPreprocessor_linearResampling' }).resampling.order).toBe(1);
  });

  it.each([
    [{}, '2d', /"2d" of nnU-Net v1/],
    [{}, '3d_cascade_fullres', /"3d_cascade_fullres" of nnU-Net v1/],
    [{ preprocessor_name: 'PreprocessorFor2D' }, '3d_fullres', /"PreprocessorFor2D" is not one of GenericPreprocessor/],
    [{ normalization_schemes: { '0': 'CT2', '1': 'nonCT' } }, '3d_fullres', /channel 0 is normalised with "CT2"/],
    [{ plans_per_stage: { '0': { patch_size: [512, 512], current_spacing: [9, 1, 1] } } }, '3d_fullres', /two-dim/],
  ])('%j in %s is refused by name', (change, configuration, message) => {
    const found = refusal(() => read({ ...v1, ...change }, configuration));
    expect(found).toMatchObject({ code: 'plan-unsupported', message: expect.stringMatching(message) });
  });

  it.each([
    ['num_modalities', { num_modalities: 1e9 }],
    ['num_classes', { num_classes: 1e9 }],
    ['patch_size', { plans_per_stage: { 0: { ...v1.plans_per_stage[1], patch_size: [1e9, 128, 128] } } }],
  ])('are refused, and nothing is counted up to or allocated, with a huge %s', (field, change) => {
    const found = refusal(() => read({ ...v1, ...change }));
    expect(found).toMatchObject({ code: 'plan-invalid', message: expect.stringContaining(field) });
  });

  it('name the field that is wrong', () => {
    const found = refusal(() => read({ ...v1, num_modalities: 'two' }));
    expect(found).toMatchObject({ code: 'plan-invalid', message: expect.stringContaining('num_modalities') });
    expect(refusal(() => read({ ...v1, dataset_properties: {} })).message).toContain('CTNormalization needs');
  });
});

describe('the plan file', () => {
  const documented = readFileSync(new URL('../../../docs/plan-file.md', import.meta.url), 'utf8');
  const examples = [...documented.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => JSON.parse(match[1]));

  it('reads every example of its page', () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const example of examples) expect(planSchema.parse(read(example))).toEqual(read(example));
  });

  it("maps MONAI's intensity range to [0, 1]", () => {
    // ScaleIntensityRanged(a_min=-57, a_max=164, b_min=0, b_max=1, clip=True), the example of the
    // page.
    const plan = read(examples[0]);
    expect(plan.channels[0].intensity).toEqual({ mean: -57, std: 221, percentile005: -57, percentile995: 164 });
    expect(plan.reader).toBe('ras');
    expect(plan.transposeForward).toEqual([2, 1, 0]);
    expect(plan.resampling.order).toBe(1);
    expect(plan.cropToNonzero).toBe(false);
  });

  it('refuses a misspelt field by name', () => {
    const { code, message } = refusal(() => read({ ...examples[0], patchsize: [1, 1, 1] }));
    expect(code).toBe('plan-invalid');
    expect(message).toContain('patchsize');
  });
});
