/** A scan as failure detection sees it. */
export interface Judged {
  /** Higher is more suspicious. */
  readonly score: number;
  /** What goes wrong when its segmentation is trusted, 0 to 1: 1 - Dice. */
  readonly risk: number;
}

/** One point of a risk-coverage curve: what is admitted at a threshold, and how wrong it is. */
export interface RiskCoveragePoint {
  /** Admitted scans over all scans. */
  readonly coverage: number;
  /** Mean risk of the admitted scans. */
  readonly selectiveRisk: number;
  /** Sum of the risk of the admitted scans over all scans: coverage times selective risk. */
  readonly generalizedRisk: number;
}

/**
 * The risk-coverage curve, coverage ascending from 0: scans are admitted from the least suspicious
 * on, equal scores together. At coverage 0 the selective risk is that of the first point. Source:
 * Traub et al. 2024, "Overcoming Common Flaws in the Evaluation of Selective Classification
 * Systems" (fd-shifts, rc_stats_utils.py); Geifman and El-Yaniv 2017.
 */
export function riskCoverageCurve(scans: readonly Judged[]): RiskCoveragePoint[] {
  const sorted = [...scans].sort((a, b) => a.score - b.score);
  const n = sorted.length;
  const points: RiskCoveragePoint[] = [];
  let sum = 0;
  sorted.forEach(({ score, risk }, i) => {
    sum += risk;
    if (i + 1 < n && sorted[i + 1].score === score) return;
    points.push({ coverage: (i + 1) / n, selectiveRisk: sum / (i + 1), generalizedRisk: sum / n });
  });
  const first = points[0];
  return first ? [{ coverage: 0, selectiveRisk: first.selectiveRisk, generalizedRisk: 0 }, ...points] : [];
}

/** Area under a curve by trapezoids. */
function area(points: readonly RiskCoveragePoint[], of: 'selectiveRisk' | 'generalizedRisk'): number {
  let sum = 0;
  for (let i = 1; i < points.length; i++)
    sum += ((points[i].coverage - points[i - 1].coverage) * (points[i][of] + points[i - 1][of])) / 2;
  return points.length > 0 ? sum : Number.NaN;
}

/**
 * Areas under the risk-coverage curve, with what a perfect and a random order of the same scans
 * would have. Lower is better.
 */
export interface RiskCoverageAreas {
  /** Under the selective risk. */
  readonly aurc: number;
  /** AURC minus the perfect order's. */
  readonly eaurc: number;
  /** Under the generalized risk: the mean risk of a silent failure over all thresholds. */
  readonly augrc: number;
  readonly optimal: { readonly aurc: number; readonly augrc: number };
  /** All scores equal: the mean risk, and half of it. */
  readonly random: { readonly aurc: number; readonly augrc: number };
}

/**
 * AURC, E-AURC and AUGRC. The perfect order is that of the risks themselves. NaN without a scan.
 */
export function riskCoverageAreas(scans: readonly Judged[]): RiskCoverageAreas {
  const curve = riskCoverageCurve(scans);
  const sorted = scans.map(({ risk }) => risk).sort((a, b) => a - b);
  const best = riskCoverageCurve(sorted.map((risk, score) => ({ score, risk })));
  const mean = curve.at(-1)?.selectiveRisk ?? Number.NaN;
  const aurc = area(curve, 'selectiveRisk');
  const optimal = { aurc: area(best, 'selectiveRisk'), augrc: area(best, 'generalizedRisk') };
  return {
    aurc,
    eaurc: aurc - optimal.aurc,
    augrc: area(curve, 'generalizedRisk'),
    optimal,
    random: { aurc: mean, augrc: mean / 2 },
  };
}
