import { describe, expect, it } from 'vitest';
import { planSchema } from '../../../src/network/plans/schema.js';
import { read, refusal, v1 } from '../../support/nnunet-plans.js';

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
      imageReader: 'simpleitk',
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
