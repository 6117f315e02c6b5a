import { benjaminiHochberg, fewestFlagged } from '../detectors/false-discoveries.js';
import { SegcanaryError } from '../errors.js';
import { type EarlyVerdict, isFailure, type ScanFailure, type SubjectScore } from '../results.js';

/** The scans of a batch that are flagged together, and what that promises. */
export interface FalseDiscoveries {
  /** At most this share of the flagged scans is expected to be in distribution. */
  readonly rate: number;
  /** Scans that have a p-value. */
  readonly scans: number;
  /** Cases, in the order of the batch. */
  readonly flagged: readonly string[];
}

/**
 * Flags scans of a batch so that, of those flagged, at most the given share is expected to be in
 * distribution: Benjamini-Hochberg over their conformal p-values. Scans that failed are left out.
 * The promise takes scans of the batch that are independent of one another and of the calibration
 * scans, and is an average over calibrations.
 *
 * @param rate 0 < rate < 1
 * @throws SegcanaryError `usage` for a rate that is none, and for a result without a p-value
 */
export function controlFalseDiscoveries(
  results: readonly (SubjectScore | EarlyVerdict | ScanFailure)[],
  rate: number,
): FalseDiscoveries {
  if (!(rate > 0 && rate < 1))
    throw new SegcanaryError('usage', `\`fdr\` is ${rate}; give a number above 0 and below 1, such as 0.1.`, {
      option: 'fdr',
    });
  const scores = results.filter((result): result is SubjectScore | EarlyVerdict => !isFailure(result));
  const pValues = scores.map(({ case: name, pValue }) => {
    if (pValue !== null && pValue !== undefined) return pValue;
    throw new SegcanaryError('usage', 'has no p-value; calibrate the detector, and score without `early`.', {
      option: 'early',
      subject: name,
    });
  });
  const flags = benjaminiHochberg(pValues, rate);
  return { rate, scans: scores.length, flagged: scores.filter((_, i) => flags[i]).map(({ case: name }) => name) };
}

/** What a flagged set promises, as a sentence. */
export function describeFalseDiscoveries({ rate, scans, flagged }: FalseDiscoveries): string {
  const percent = `${Number((100 * rate).toPrecision(12))} %`;
  if (flagged.length === 0) return `None of ${scans} scans is flagged at a false discovery rate of ${percent}.`;
  return `${flagged.length} of ${scans} scans are flagged: ${flagged.join(', ')}; at most ${percent} of the scans that are flagged so are expected to be in distribution.`;
}

/**
 * A sentence where few calibration scans keep a batch from being flagged; null where they do not.
 *
 * @param m scans of the batch
 * @param n calibration scans
 */
export function describeTooFewScans(m: number, n: number, rate: number): string | null {
  const fewest = fewestFlagged(m, n, rate);
  if (fewest === 1) return null;
  const need = Math.ceil(m / rate) - 1;
  const what =
    fewest > m
      ? `no scan of this batch can be flagged at a rate of ${rate}`
      : `nothing is flagged at a rate of ${rate} unless ${fewest} of the ${m} scans are beyond every calibration scan`;
  return `With ${n} calibration scans the smallest p-value is 1/${n + 1}, so that ${what}; ${need} calibration scans would let a single one be.`;
}
