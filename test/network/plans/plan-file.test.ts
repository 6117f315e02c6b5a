import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planSchema } from '../../../src/network/plans/schema.js';
import { readSegmentationPlan } from '../../../src/network/plans/segmentation.js';
import { read, refusal } from '../../support/nnunet-plans.js';

describe('the plan file', () => {
  const documented = readFileSync(new URL('../../../docs/plan-file.md', import.meta.url), 'utf8');
  const examples = [...documented.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => JSON.parse(match[1]));

  it('reads every example of its page', () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const example of examples) expect(planSchema.parse(read(example))).toEqual(read(example));
  });

  it('shows the plan files of the networks that come with it', () => {
    for (const network of ['deepbet', 'obelisk']) {
      const file = new URL(`../../../examples/foreign-networks/${network}/plan.json`, import.meta.url);
      expect(examples).toContainEqual(JSON.parse(readFileSync(file, 'utf8')));
    }
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

describe('a plan file that resizes, turns, clips and rescales', () => {
  const resized = {
    patch_size: [8, 8, 8],
    resize_to: [8, 16, 8],
    orientation: 'LAI',
    order: 'resample-first',
    normalization_schemes: ['ZScoreNormalization', 'NoNormalization'],
    clip_percentiles: [[0.5, 99.5], null],
    rescale_after_norm: [{ slope: 0.226, intercept: 0.449 }, null],
  };

  it('is read', () => {
    const plan = read(resized);
    expect(plan).toEqual({
      configuration: 'custom',
      patchSize: [8, 8, 8],
      spacing: null,
      resizeTo: [8, 16, 8],
      transposeForward: [0, 1, 2],
      order: 'resample-first',
      reader: 'LAI',
      cropToNonzero: false,
      channels: [
        {
          name: 'channel 0',
          scheme: 'ZScoreNormalization',
          useNonzeroMask: false,
          clipPercentiles: [0.5, 99.5],
          rescale: { slope: 0.226, intercept: 0.449 },
        },
        { name: 'channel 1', scheme: 'NoNormalization', useNonzeroMask: false },
      ],
      resampling: { order: 1, orderZ: 0, forceSeparateZ: false },
    });
    // As a detector keeps it.
    expect(planSchema.parse(JSON.parse(JSON.stringify(plan)))).toEqual(plan);
  });

  it('may write axis codes small, and RAS is what nnU-Net calls so', () => {
    expect(read({ ...resized, orientation: 'lps' }).reader).toBe('LPS');
    for (const orientation of ['ras', 'RAS']) expect(read({ ...resized, orientation }).reader).toBe('ras');
    expect(read({ ...resized, orientation: 'as-stored' }).reader).toBe('as-stored');
  });

  it("may name the reader of nnU-Net's whose rules headers are read by", () => {
    expect(read({ ...resized, image_reader_writer: 'SimpleITKIO' }).imageReader).toBe('simpleitk');
    expect(read({ ...resized, image_reader_writer: 'NibabelIO' }).imageReader).toBe('nibabel');
    expect('imageReader' in read(resized)).toBe(false);
  });

  it('means what it meant without these fields', () => {
    const before = { patch_size: [8, 8, 8], spacing: [3, 1, 1], normalization_schemes: ['ZScoreNormalization'] };
    expect(read(before)).toEqual({
      configuration: 'custom',
      patchSize: [8, 8, 8],
      spacing: [3, 1, 1],
      transposeForward: [0, 1, 2],
      order: 'normalise-first',
      reader: 'as-stored',
      cropToNonzero: false,
      channels: [{ name: 'channel 0', scheme: 'ZScoreNormalization', useNonzeroMask: false }],
      resampling: { order: 3, orderZ: 0, forceSeparateZ: null },
    });
  });

  const one = { ...resized, normalization_schemes: ['ZScoreNormalization'], rescale_after_norm: undefined };
  it.each([
    ['no spacing and no shape', { resize_to: undefined }, 'field spacing is wrong: expected spacing, or resize_to'],
    ['both', { spacing: [1, 1, 1] }, 'field spacing is wrong: resize_to makes one shape of all scans'],
    ['a patch beyond the shape', { patch_size: [8, 8, 9] }, 'field patch_size is wrong: a patch is larger than'],
    ['a cubic spline', { resampling: { order: 3 } }, 'field resampling.order is wrong: resize_to takes order 0'],
    ['a separate axis', { resampling: { force_separate_z: true } }, 'field resampling.force_separate_z is wrong'],
    ['an order for a separate axis', { resampling: { order_z: 1 } }, 'field resampling.order_z is wrong'],
    ['codes that are none', { orientation: 'LRS' }, 'field orientation is wrong: expected as-stored, or where x'],
    ['an order that is none', { order: 'first' }, 'field order is wrong'],
    ['a reader that is none', { image_reader_writer: 'Tiff3DIO' }, 'field image_reader_writer is wrong'],
    [
      'too few percentiles',
      { clip_percentiles: [] },
      'field clip_percentiles is wrong: expected one entry a channel, 2',
    ],
    [
      'percentiles upside down',
      { clip_percentiles: [[99, 1], null] },
      'field clip_percentiles.0 is wrong: expected two',
    ],
    ['percentiles beyond 100', { clip_percentiles: [[0, 101], null] }, 'field clip_percentiles.0.1 is wrong'],
    [
      'percentiles before a scheme that clips itself or not at all',
      { clip_percentiles: [null, [1, 99]] },
      'field clip_percentiles.1 is wrong: goes before ZScoreNormalization or RescaleTo01Normalization, not NoNorm',
    ],
    [
      'percentiles inside a mask',
      { ...one, use_mask_for_norm: [true], clip_percentiles: [[1, 99]] },
      'field clip_percentiles.0 is wrong: use_mask_for_norm leaves',
    ],
    [
      'rescaling inside a mask',
      {
        ...one,
        use_mask_for_norm: [true],
        clip_percentiles: undefined,
        rescale_after_norm: [{ slope: 1, intercept: 1 }],
      },
      'field rescale_after_norm.0 is wrong: use_mask_for_norm leaves',
    ],
    [
      'a slope that turns everything round',
      { rescale_after_norm: [{ slope: -1, intercept: 0 }, null] },
      'field rescale_after_norm.0.slope is wrong',
    ],
  ])('is refused with %s', (_, change, message) => {
    const { code, message: found } = refusal(() => read({ ...resized, ...change }));
    expect(code).toBe('plan-invalid');
    expect(found).toContain(`plans.json: ${message}`);
  });

  it('stands in a detector with a spacing or a shape', () => {
    const { resizeTo: _, ...shapeless } = read(resized);
    expect(planSchema.safeParse(shapeless).success).toBe(false);
    expect(planSchema.safeParse({ ...read(resized), spacing: [1, 1, 1] }).success).toBe(false);
  });
});

describe('the labels of a plan file', () => {
  const plan = { patch_size: [8, 8, 8], resize_to: [8, 8, 8], normalization_schemes: ['NoNormalization'] };
  const labels = { background: 0, brain: 1 };

  it('are what a network of one shape segments, its logits resized linearly', () => {
    expect(readSegmentationPlan({ ...plan, labels }, undefined, 'custom', 'plan.json')).toEqual({
      labels,
      heads: 2,
      regionsClassOrder: null,
      largestLabel: 1,
      averages: 'logits',
      resampling: { order: 1, orderZ: 0, forceSeparateZ: false },
    });
  });

  it('may stand in a dataset.json beside it, and are asked for where they stand nowhere', () => {
    const { heads } = readSegmentationPlan(plan, { labels: { ...labels, lesion: 2 } }, 'custom', 'plan.json');
    expect(heads).toBe(3);
    expect(refusal(() => readSegmentationPlan(plan, undefined, 'custom', 'plan.json'))).toMatchObject({
      code: 'plan-invalid',
      message: expect.stringContaining('give it "labels"'),
    });
  });
});
