import type { Plan, Resampling, SegmentationPlan } from '../../plan.js';

/** What is read beside a plan's own JSON. */
export interface PlanSource {
  /** Parsed `dataset.json`, where there is one; gives the channels their names. */
  readonly dataset: unknown | undefined;
  /** One of nnU-Net's, for example `3d_fullres`; a plan file has only one and ignores it. */
  readonly configuration: string;
  /** Name of the plan's file, for messages. */
  readonly source: string;
}

/** One form in which plans are written. One file each, and one line in `read.ts`. */
export interface PlanReader {
  /** Whether a file's JSON is of this form, and not whether it is right. */
  matches(json: object): boolean;
  /** @throws SegcanaryError `plan-invalid`, `plan-unsupported` */
  read(json: object, source: PlanSource): Plan;
  /** How logits become labels; absent where the form does not say. */
  readonly output?: {
    readonly averages: SegmentationPlan['averages'];
    /** @throws SegcanaryError `plan-invalid`, `plan-unsupported` */
    resampling(json: object, source: PlanSource): Resampling;
    /** The labels where no dataset.json names them; absent where the form does not count them. */
    countedLabels?(json: object, source: string): SegmentationPlan['labels'];
  };
}
