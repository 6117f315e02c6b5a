import { describe, expect, it } from 'vitest';
import {
  controlFalseDiscoveries,
  describeFalseDiscoveries,
  describeTooFewScans,
} from '../../src/jobs/false-discoveries.js';
import type { ScanFailure, SubjectScore } from '../../src/results.js';

const scored = (name: string, pValue: number | null): SubjectScore => ({
  case: name,
  score: 1,
  uncertainty: null,
  boundary: 2,
  verdict: 'in-distribution',
  pValue,
  patches: 1,
  worstPatch: null,
  warnings: [],
  detector: null,
});
const failed: ScanFailure = { case: 'broken', error: { code: 'io', message: 'gone' } };

describe('controlFalseDiscoveries', () => {
  it('flags by p-values and leaves out what failed', () => {
    // .1 k / 3: only .01 and .06 lie below .0333 and .0667.
    const results = [scored('a', 0.06), failed, scored('b', 0.5), scored('c', 0.01)];
    const found = controlFalseDiscoveries(results, 0.1);
    expect(found).toEqual({ rate: 0.1, scans: 3, flagged: ['a', 'c'] });
    expect(describeFalseDiscoveries(found)).toMatch(/^2 of 3 scans are flagged: a, c; at most 10 % of /);
    expect(describeFalseDiscoveries(controlFalseDiscoveries([], 0.1))).toMatch(/^None of 0 scans/);
  });

  it('needs p-values and a rate', () => {
    expect(() => controlFalseDiscoveries([scored('a', null)], 0.1)).toThrow('a: has no p-value');
    expect(() => controlFalseDiscoveries([], 1)).toThrow('`fdr` is 1');
  });
});

describe('describeTooFewScans', () => {
  it('is silent where a single scan can be flagged', () => {
    expect(describeTooFewScans(1, 9, 0.1)).toBeNull();
    expect(describeTooFewScans(20, 199, 0.1)).toBeNull();
  });

  it('says how many have to be far out, or that none can be flagged', () => {
    expect(describeTooFewScans(20, 99, 0.1)).toMatch(
      /1\/100, so that nothing .* unless 2 of the 20 .*; 199 calibration scans/,
    );
    expect(describeTooFewScans(40, 8, 0.1)).toMatch(/no scan of this batch can be flagged at a rate of 0\.1; 399 /);
  });
});
