import { describe, expect, it } from 'vitest';
import { readSegmentationPlan } from '../../../src/network/plans/segmentation.js';

const kwargs = { is_seg: false, order: 1, order_z: 0, force_separate_z: null };
const plans = (more: object = {}) => ({
  configurations: { '3d_fullres': { resampling_fn_probabilities_kwargs: kwargs, ...more } },
});
const read = (dataset: unknown, more?: object) =>
  readSegmentationPlan(plans(more), dataset, '3d_fullres', 'plans.json');

describe('the segmentation plan', () => {
  it('has an output a label, background and all, but none for what is to be ignored', () => {
    expect(read({ labels: { background: 0, liver: 1, tumour: 2, ignore: 3 } })).toEqual({
      labels: { background: 0, liver: 1, tumour: 2 },
      heads: 3,
      regionsClassOrder: null,
      largestLabel: 2,
      averages: 'logits',
      resampling: { order: 1, orderZ: 0, forceSeparateZ: null },
    });
  });

  it('has an output a region, without the background, where labels are regions', () => {
    // nnU-Net's documentation: BraTS.
    const labels = { background: 0, whole_tumor: [1, 2, 3], tumor_core: [2, 3], enhancing_tumor: 3 };
    expect(read({ labels, regions_class_order: [1, 2, 3] })).toMatchObject({
      heads: 3,
      regionsClassOrder: [1, 2, 3],
      largestLabel: 3,
    });
  });

  it('has the codes of labels where dataset.json gives some, and none of a label that is not there', () => {
    const code = (CodeValue: string, CodeMeaning: string) => ({
      CodeValue,
      CodingSchemeDesignator: 'SCT',
      CodeMeaning,
    });
    const liver = {
      SegmentedPropertyCategoryCodeSequence: code('123037004', 'Anatomical Structure'),
      SegmentedPropertyTypeCodeSequence: code('10200004', 'Liver'),
      recommendedDisplayRGBValue: [221, 130, 101],
    };
    const labels = { background: 0, liver: 1 };
    expect(read({ labels, segmentation_codes: { liver } }).codes).toEqual({ liver });
    expect(() => read({ labels, segmentation_codes: { spleen: liver } })).toThrow(
      /dataset\.json beside plans\.json: segmentation_codes names spleen, and no label is called so/,
    );
    expect(() => read({ labels, segmentation_codes: { liver: {} } })).toThrow(/segmentation_codes/);
  });

  it('resamples as the plan says, linearly by default', () => {
    const dataset = { labels: { background: 0, liver: 1 } };
    expect(read(dataset, { resampling_fn_probabilities_kwargs: undefined }).resampling).toEqual({
      order: 1,
      orderZ: 0,
      forceSeparateZ: false,
    });
    expect(
      read(dataset, { resampling_fn_probabilities_kwargs: { ...kwargs, force_separate_z: true, order_z: 1 } })
        .resampling,
    ).toEqual({ order: 1, orderZ: 1, forceSeparateZ: true });
  });

  it('is not in a plan file', () => {
    const labels = { background: 0, liver: 1 };
    expect(() => readSegmentationPlan({}, { labels }, '3d_fullres', 'plan.json')).toThrow(
      /plan\.json: is no plan of a known form/,
    );
  });

  it('refuses in one sentence what it cannot follow', () => {
    const labels = { background: 0, liver: 1 };
    const cases: [unknown, object, string, RegExp][] = [
      [undefined, {}, 'plan-invalid', /no dataset\.json lies beside it/],
      [{ labels: { background: 0, liver: 'one' } }, {}, 'plan-invalid', /labels\.liver/],
      [{ labels: { background: 0, liver: 2 } }, {}, 'plan-invalid', /0, 2.*consecutive/],
      [
        { labels: { background: 0, all: [1, 2], core: 2 } },
        {},
        'plan-invalid',
        /2 regions and regions_class_order has 0/,
      ],
      [{ labels: {} }, {}, 'plan-invalid', /no label but the background/],
      [
        { labels },
        { resampling_fn_probabilities: 'resample_torch_fornnunet' },
        'plan-unsupported',
        /resample_torch_fornnunet/,
      ],
      [
        { labels },
        { resampling_fn_probabilities: { toString: 1 } },
        'plan-unsupported',
        /resamples its output with "\{"toString":1\}"/,
      ],
      [
        { labels },
        { resampling_fn_probabilities_kwargs: { order: 2 } },
        'plan-unsupported',
        /probabilities_kwargs.*order/,
      ],
    ];
    for (const [dataset, more, code, message] of cases) {
      expect(() => read(dataset, more)).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message) }),
      );
    }
  });

  it('of nnU-Net v1 averages probabilities, and counts its classes itself', () => {
    const v1 = {
      plans_per_stage: { '0': { patch_size: [8, 8, 8], current_spacing: [1, 1, 1] } },
      num_modalities: 1,
      num_classes: 2,
      normalization_schemes: { '0': 'nonCT' },
      use_mask_for_norm: { '0': false },
      dataset_properties: { intensityproperties: null },
    };
    const of = (plan: object, dataset?: unknown) => readSegmentationPlan(plan, dataset, '3d_fullres', 'plans.json');
    expect(of(v1)).toEqual({
      labels: { background: 0, 'class 1': 1, 'class 2': 2 },
      heads: 3,
      regionsClassOrder: null,
      largestLabel: 2,
      averages: 'probabilities',
      resampling: { order: 1, orderZ: 0, forceSeparateZ: null },
    });
    const tuned = { force_separate_z: false, interpolation_order: 1, interpolation_order_z: 1 };
    expect(of({ ...v1, segmentation_export_params: tuned }).resampling).toEqual({
      order: 1,
      orderZ: 1,
      forceSeparateZ: false,
    });
    expect(() => of({ ...v1, segmentation_export_params: { ...tuned, interpolation_order: 3 } })).toThrow(/cubic/);
    const regions = { labels: { background: 0, whole: [1, 2], core: [2] }, regions_class_order: [1, 2] };
    expect(of(v1, regions)).toMatchObject({ heads: 2, regionsClassOrder: [1, 2], averages: 'probabilities' });
  });
});
