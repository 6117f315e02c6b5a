import { readFileSync } from 'node:fs';

/** What scikit-learn, scipy and torch-uncertainty make of scores and risks. */
export interface ExpectedMetrics {
  id: number[];
  ood: number[];
  auroc: number;
  auprOod: number;
  auprId: number;
  fprAt95: number;
  score: number[];
  risk: number[];
  aurc: number;
  augrc: number;
  optimal: { aurc: number; augrc: number };
  pearson: number;
  spearman: number;
  roundedTo: number;
}

/** scikit-learn, scipy, statsmodels and torch-uncertainty: test/oracle/metrics.py. */
export const { cases, proportions } = JSON.parse(
  readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly ExpectedMetrics[];
  readonly proportions: readonly {
    readonly counts: readonly [number, number, number, number];
    readonly fpr: readonly [number, number];
    readonly detectionError: readonly [number, number];
  }[];
};

/** Scores and risks, scan by scan. */
export const judged = ({ score, risk }: Pick<ExpectedMetrics, 'score' | 'risk'>) =>
  score.map((s, i) => ({ score: s, risk: risk[i] }));
