import { SegcanaryError } from '../../errors.js';
import type { Plan } from '../../plan.js';
import { nnunetV1 } from './nnunet-v1.js';
import { nnunetV2 } from './nnunet-v2.js';
import { planFile } from './plan-file.js';
import type { PlanReader } from './reader.js';

/** Every form of a plan that is read. The first that matches reads. */
const READERS: readonly PlanReader[] = [nnunetV1, nnunetV2, planFile];

/** The reader for a plan's JSON; undefined where it is of no form that is known. */
export const planReaderOf = (json: object): PlanReader | undefined => READERS.find((reader) => reader.matches(json));

/**
 * Reads how a model wants its scans: nnU-Net v2's `plans.json` (current, or as written before the
 * `architecture` block), v1's `plans.pkl` as `scripts/export_nnunet_v1.py` writes it, or
 * segcanary's own small plan file (docs/plan-file.md) for a model that is not nnU-Net's.
 *
 * @param plansJson parsed `plans.json` or plan file
 * @param datasetJson parsed `dataset.json`, where there is one; gives the channels their names
 * @param configuration of nnU-Net, for example `3d_fullres`; a plan file has only one and ignores
 *   it
 * @param sourceName name of the plan's file, for messages
 * @throws SegcanaryError `plan-invalid` with the path of the wrong field; `plan-unsupported` for
 *   what segcanary cannot reproduce
 */
export function readPlan(
  plansJson: unknown,
  datasetJson: unknown | undefined,
  configuration: string,
  sourceName: string,
): Plan {
  if (typeof plansJson !== 'object' || plansJson === null || Array.isArray(plansJson)) {
    throw new SegcanaryError('plan-invalid', 'a plan is a JSON object, this is not one.', { subject: sourceName });
  }
  const reader = planReaderOf(plansJson);
  if (reader) return reader.read(plansJson, { dataset: datasetJson, configuration, source: sourceName });
  throw new SegcanaryError(
    'plan-invalid',
    `has neither "configurations" (nnU-Net's plans.json) nor "patch_size" (segcanary's plan file, docs/plan-file.md).`,
    { subject: sourceName },
  );
}
