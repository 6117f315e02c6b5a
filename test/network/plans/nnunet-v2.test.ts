import { describe, expect, it } from 'vitest';
import { readPlan } from '../../../src/network/plans/read.js';
import { planSchema } from '../../../src/network/plans/schema.js';
import {
  fullres,
  intensity,
  nested,
  plans,
  read,
  refusal,
  withConfiguration,
  withFullres,
} from '../../support/nnunet-plans.js';

describe("nnU-Net's plans.json", () => {
  it('becomes a plan', () => {
    expect(read(plans)).toEqual({
      configuration: '3d_fullres',
      patchSize: [28, 256, 256],
      spacing: [5.0, 0.79, 0.8],
      transposeForward: [2, 0, 1],
      order: 'normalise-first',
      reader: 'as-stored',
      imageReader: 'simpleitk',
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

  it.each([
    ['a reader that every object has', { ...plans, image_reader_writer: 'toString' }, /image_reader_writer "toString"/],
    [
      'a parent that is no text',
      withFullres({ inherits_from: [{ toString: 1 }] }),
      /inherits from "\[\{"toString":1\}\]"/,
    ],
    // Node 26 writes JSON of any depth, earlier ones overflow.
    [
      'a parent nested too deeply to be quoted',
      withFullres({ inherits_from: nested(20_000) }),
      /nested very deeply|inherits from "\[{100,500}…", which the plan does not have/,
    ],
    ['a scheme that cannot become text', withFullres({ normalization_schemes: [{ toString: 1 }] }), /\{"toString":1\}/],
    ['a patch of a thousand million voxels', withFullres({ patch_size: [1e9, 128, 128] }), /patch_size .* at most/],
  ])('refuses %s in a sentence', (_, plan, message) => {
    expect(refusal(() => read(plan)).message).toMatch(message);
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
    const readers = {
      SimpleITKIO: { reader: 'as-stored', imageReader: 'simpleitk' },
      NibabelIO: { reader: 'as-stored', imageReader: 'nibabel' },
      NibabelIOWithReorient: { reader: 'ras', imageReader: 'nibabel' },
    };
    for (const [name, expected] of Object.entries(readers))
      expect(read({ ...plans, image_reader_writer: name })).toMatchObject(expected);
    const { image_reader_writer: _, ...unnamed } = plans as typeof plans & { image_reader_writer?: string };
    expect(read(unnamed).imageReader).toBe('simpleitk');
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
});
