import type { SubjectScore } from 'segcanary';

/** A test scan with its segmentation and its score. */
export interface ScoredCase {
  readonly name: string;
  readonly shift: string;
  /** What the severity means, in words. */
  readonly grade: string;
  readonly severity: number;
  /** Dice of the segmentation against the truth. */
  readonly dice: number;
  readonly scan: string;
  readonly truth: string;
  readonly segmentation: string;
  readonly mask: string;
  readonly result: SubjectScore;
}
