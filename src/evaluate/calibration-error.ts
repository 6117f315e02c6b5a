/** Interval bins of the confidence. */
const BINS = 10;

/** One bin of the calibration error. */
export interface CalibrationBin {
  /** Confidence above `from`, up to and including `to`; the first bin holds 0 as well. */
  readonly from: number;
  readonly to: number;
  readonly n: number;
  /** Means over the scans of the bin; null where there are none. */
  readonly dice: number | null;
  readonly confidence: number | null;
}

export interface CalibrationError {
  readonly esce: number;
  readonly bins: readonly CalibrationBin[];
}

/**
 * Expected Segmentation Calibration Error: sum over bins of |B|/N |Dice(B) - (1 - U(B))|, ten bins
 * of the confidence 1 - U, right-closed (paper, eq. 3).
 *
 * @param scans normalised uncertainty U in [0, 1] and Dice
 */
export function expectedSegmentationCalibrationError(
  scans: readonly { readonly uncertainty: number; readonly dice: number }[],
): CalibrationError {
  return calibrationErrorOf(scans.map(({ uncertainty, dice }) => ({ confidence: 1 - uncertainty, dice })));
}

/**
 * The same with any confidence in [0, 1], for example an estimate of the Dice. NaN without a scan.
 */
export function calibrationErrorOf(
  scans: readonly { readonly confidence: number; readonly dice: number }[],
): CalibrationError {
  const held = Array.from({ length: BINS }, () => ({ n: 0, dice: 0, confidence: 0 }));
  for (const { confidence, dice } of scans) {
    const bin = held[binOf(confidence)];
    bin.n++;
    bin.dice += dice;
    bin.confidence += confidence;
  }
  const esce = held.reduce((sum, { dice, confidence }) => sum + Math.abs(dice - confidence), 0) / scans.length;
  const bins = held.map(({ n, dice, confidence }, b) => ({
    from: b / BINS,
    to: (b + 1) / BINS,
    n,
    dice: n > 0 ? dice / n : null,
    confidence: n > 0 ? confidence / n : null,
  }));
  return { esce, bins };
}

/**
 * The bin whose upper edge b/10 is the first that the confidence does not exceed. Edges are
 * compared as quotients, so that .3 falls where .3 is written.
 */
function binOf(confidence: number): number {
  let bin = 0;
  while (bin < BINS - 1 && confidence > (bin + 1) / BINS) bin++;
  return bin;
}
