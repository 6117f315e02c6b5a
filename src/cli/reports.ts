import { type Calibration, describeLevel } from '../detectors/calibration.js';
import type { GaussianFacts, PatchMethod } from '../detectors/method.js';
import type { Detector, DetectorDescription } from '../detectors/saved.js';
import type { FitResult } from '../jobs/fit.js';

function featuresIn({ features }: PatchMethod, pooled: readonly number[]): string {
  if (features === 'pooled') return `pooled to ${pooled.join('x')}`;
  return features === 'channel-means' ? 'channel means' : 'channel means of every stage';
}

function gaussianFacts({ estimator, shrinkage, rank, conditionNumber }: DetectorDescription): GaussianFacts | null {
  return estimator === null || rank === null || conditionNumber === null
    ? null
    : { estimator, shrinkage, rank, conditionNumber };
}

const lines = (pairs: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};

const number = (x: number): string =>
  Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toExponential(3) : Number(x.toPrecision(6)).toString();

/** What `fit` prints. */
export function reportFit({ tap, method, fit, cases }: FitResult, output: string): string {
  return lines([
    ['detector', output],
    ['method', `${method.name}: ${method.formula}`],
    ['tap', `${tap.name} [${tap.shape.join(', ')}]${tap.suggested ? '' : ' (named, not the suggested one)'}`],
    ['scans', String(cases)],
    ['patches N', String(fit.n)],
    ['features d', `${fit.d} (${featuresIn(method, tap.pooledShape)})`],
    ...gaussianLines(fit.gaussian, fit.d),
    ['next', `segcanary calibrate -d ${output} -i HELD_OUT_SCANS`],
  ]);
}

function gaussianLines(facts: GaussianFacts | null, d: number): [string, string][] {
  if (facts === null) return [];
  const { rank, conditionNumber, estimator, shrinkage } = facts;
  return [
    ['rank', `${rank} of ${d}`],
    ['condition number', number(conditionNumber)],
    ['estimator', estimator + (shrinkage === null ? '' : `, shrinkage ${number(shrinkage)}`)],
  ];
}

/** What `calibrate` prints. */
export function reportCalibration(detector: Pick<Detector, 'dir'>, calibration: Calibration): string {
  const { boundary, min, max, cases } = calibration;
  return lines([
    ['detector', detector.dir],
    ['scans', String(cases.length)],
    ['scores', `${number(min)} to ${number(max)}`],
    ['boundary', `${number(boundary.conformal)} (conformal, level ${(100 * boundary.level).toFixed(1)} %)`],
    ['paper boundary', number(boundary.paper)],
    ['promise', describeLevel(cases.length)],
  ]);
}

/** What `inspect` prints. */
export function reportDetector(detector: Detector): string {
  const d = detector.description;
  const fitted = lines([
    ['detector', `${detector.dir}  ${detector.id}`],
    ['made by', d.createdBy],
    ['model', `${d.sourceModel.name}  sha256:${d.sourceModel.sha256.slice(0, 16)}…`],
    [
      'plan',
      `${d.plan.configuration}, patch ${d.plan.patchSize.join('x')}, spacing ${d.plan.spacing.join('x')} mm, step ${d.stepSize}`,
    ],
    ['channels', d.plan.channels.map((c) => `${c.name} (${c.scheme})`).join(', ')],
    ['tap', `${d.tap.name} [${d.tap.shape.join(', ')}]${d.tap.suggested ? ', the bottleneck' : ''}`],
    ['fitted on', `${d.cases} scans, N = ${d.n} patches`],
    ['method', `${detector.method.name}: ${detector.method.formula}`],
    [
      'features',
      `d = ${d.d} (${featuresIn(detector.method, d.pooling.shape)}), ${(d.n / d.d).toFixed(1)} patches a feature`,
    ],
    ...gaussianLines(gaussianFacts(d), d.d),
    ...d.warnings.map((w) => ['warning', w.message] as const),
  ]);
  if (d.calibration === null)
    return `${fitted}\n\nNot calibrated: every verdict is “uncalibrated”; run segcanary calibrate with in-distribution scans that the fit has not seen.`;
  return `${fitted}\n\n${reportCalibration(detector, d.calibration)}`;
}
