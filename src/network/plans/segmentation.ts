import { z } from 'zod';
import { SegcanaryError } from '../../errors.js';
import { parseWith } from '../../files/json.js';
import type { SegmentationPlan } from '../../plan.js';
import { planFile } from './plan-file.js';
import { planReaderOf } from './read.js';

const value = z.int().nonnegative();
const code = z.object({
  CodeValue: z.string().min(1).max(64),
  CodingSchemeDesignator: z.string().min(1).max(16),
  CodeMeaning: z.string().min(1).max(64),
});
const part = z.int().min(0).max(255);
/** As in dcmqi's JSON, so that what its tools make can be copied. */
const codes = z.looseObject({
  SegmentedPropertyCategoryCodeSequence: code,
  SegmentedPropertyTypeCodeSequence: code,
  SegmentedPropertyTypeModifierCodeSequence: code.optional(),
  recommendedDisplayRGBValue: z.tuple([part, part, part]).optional(),
});
const datasetSchema = z.looseObject({
  labels: z.record(z.string(), z.union([value, z.array(value).min(1)])),
  regions_class_order: z.array(value).optional(),
  segmentation_codes: z.record(z.string(), codes).optional(),
});

/**
 * Reads labels from dataset.json and the resampling of logits from plans.json, of nnU-Net v2 or v1,
 * or a plan file. A v1 plan does without dataset.json: it counts its classes itself, and a plan
 * file names them.
 *
 * Source: nnunetv2 utilities/label_handling/label_handling.py (LabelManager),
 * utilities/plans_handling/plans_handler.py; nnunet 1.7.1 inference/predict.py.
 *
 * @throws SegcanaryError `plan-invalid`, `plan-unsupported`
 */
export function readSegmentationPlan(
  plansJson: object,
  datasetJson: unknown,
  configuration: string,
  source: string,
): SegmentationPlan {
  const output = planReaderOf(plansJson)?.output;
  const labels = datasetJson ?? (output?.countedLabels && { labels: output.countedLabels(plansJson, source) });
  if (labels === undefined)
    throw new SegcanaryError(
      'plan-invalid',
      `no dataset.json lies beside it, and a segmentation takes its labels from there; copy nnU-Net's.`,
      { subject: source },
    );
  if (output === undefined)
    throw new SegcanaryError(
      'plan-unsupported',
      `is no plan of a known form, which segmenting needs: nnU-Net's plans.json, or a plan file with "labels" (docs/plan-file.md).`,
      { subject: source },
    );
  const resampling = output.resampling(plansJson, { dataset: datasetJson, configuration, source });
  if (resampling.order === 3) {
    throw new SegcanaryError(
      'plan-unsupported',
      'resamples its output with cubic splines; segcanary reproduces orders 0 and 1 there, as nnU-Net plans them.',
      { subject: source },
    );
  }
  return { ...readLabels(labels, `dataset.json beside ${source}`), averages: output.averages, resampling };
}

/**
 * Whether it is said how logits become labels: nnU-Net's plans do, a plan file where it has labels,
 * or a dataset.json beside it.
 */
export const saysLabels = (plansJson: object, datasetJson: unknown): boolean => {
  const reader = planReaderOf(plansJson);
  if (reader?.output === undefined) return false;
  return reader !== planFile || 'labels' in plansJson || datasetJson !== undefined;
};

function readLabels(json: unknown, source: string): Omit<SegmentationPlan, 'averages' | 'resampling'> {
  const {
    labels,
    regions_class_order: order,
    segmentation_codes: found,
  } = parseWith(json, datasetSchema, source, 'plan-invalid');
  const trained = Object.entries(labels).filter(([name]) => name !== 'ignore');
  const values = [...new Set(trained.flatMap(([, v]) => v))].sort((a, b) => a - b);
  const regions = trained.filter(([, v]) => !(Array.isArray(v) ? v.every((x) => x === 0) : v === 0));
  const hasRegions = trained.some(([, v]) => Array.isArray(v) && v.length > 1);
  if (hasRegions && order?.length !== regions.length) {
    throw new SegcanaryError(
      'plan-invalid',
      `there are ${regions.length} regions and regions_class_order has ${order?.length ?? 0} entries; it needs one a region.`,
      { subject: source },
    );
  }
  if (regions.length === 0) {
    throw new SegcanaryError('plan-invalid', 'has no label but the background; there is nothing to segment.', {
      subject: source,
    });
  }
  if (!hasRegions && values.some((v, i) => v !== i)) {
    throw new SegcanaryError('plan-invalid', `its labels are ${values.join(', ')}; nnU-Net's are consecutive from 0.`, {
      subject: source,
    });
  }
  const unknown = Object.keys(found ?? {}).find((name) => !trained.some(([label]) => label === name));
  if (unknown !== undefined)
    throw new SegcanaryError('plan-invalid', `segmentation_codes names ${unknown}, and no label is called so.`, {
      subject: source,
    });
  return {
    ...(found && { codes: found }),
    labels: Object.fromEntries(trained),
    heads: hasRegions ? regions.length : values.length,
    regionsClassOrder: hasRegions ? (order as number[]) : null,
    largestLabel: [...values, ...(hasRegions ? (order as number[]) : [])].reduce((a, b) => Math.max(a, b)),
  };
}
