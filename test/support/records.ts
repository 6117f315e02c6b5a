import type { SubjectScore } from '../../src/results.js';
import type { FinishedScan, NewScan } from '../../src/server/scan-record.js';

export const HASH = `sha256:${'ab'.repeat(32)}`;

/** A scan as a server accepts it. */
export function newScan(scan: Partial<NewScan> = {}): NewScan {
  return { case: 'liver_1', detector: 'lungs', detectorHash: HASH, site: null, scanner: null, ...scan };
}

/** What a scan of this score ends with. */
export function finishedScan(score: number, scan: Partial<FinishedScan> = {}): FinishedScan {
  const result: SubjectScore = {
    case: 'liver_1',
    score,
    uncertainty: 0.1,
    boundary: 10,
    verdict: score > 10 ? 'out-of-distribution' : 'in-distribution',
    pValue: 0.2,
    patches: 8,
    worstPatch: null,
    warnings: [],
    detector: HASH,
  };
  return { result, explanation: null, seconds: 1.25, kept: [], ...scan };
}
