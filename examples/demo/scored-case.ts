import type { SubjectScore } from 'segcanary';

/** A test scan with its result and what nnU-Net's own evaluation said of the segmentation. */
export interface ScoredCase {
  readonly name: string;
  readonly shift: string;
  /** What the severity means, in words. */
  readonly grade: string;
  readonly severity: number;
  /** Dice of the network's segmentation against the truth. */
  readonly dice: number | null;
  readonly scan: string;
  readonly mask: string;
  readonly result: SubjectScore;
}
