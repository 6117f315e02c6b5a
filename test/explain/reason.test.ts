import { describe, expect, it } from 'vitest';
import { reasonOf } from '../../src/explain/reason.js';
import type { Explanation, SubjectScore } from '../../src/results.js';

const score: SubjectScore = {
  case: 'c',
  score: 5.1234,
  uncertainty: null,
  boundary: 3.5,
  verdict: 'out-of-distribution',
  pValue: 0.01,
  patches: 8,
  worstPatch: null,
  warnings: [],
  detector: null,
};
const channel = { channel: 'CT', unit: 'HU' as const, edges: [], training: [], scan: [] };
const group = { tensor: 't', channels: 4, ratio: 2 };
const explanation = (of: Partial<Explanation>): Explanation => ({
  patches: null,
  groups: null,
  intensities: [],
  notes: [],
  ...of,
});

describe('why a verdict is what it is', () => {
  it('names intensities that no training scan has', () => {
    const intensities = [{ ...channel, distance: 120, trainingDistances: { mean: 10, max: 40 } }];
    const groups = [{ ...group, name: 'stage-3', z: 9 }];
    expect(reasonOf(score, explanation({ intensities, groups }))).toBe(
      'Its score of 5.12 is above the boundary of 3.5. The intensities of CT lie 120 HU from those of the training scans; none of these lies farther than 40 HU.',
    );
  });

  it('names the features that have moved most otherwise', () => {
    const intensities = [{ ...channel, distance: 20, trainingDistances: { mean: 10, max: 40 } }];
    const groups = [
      { ...group, name: 'stage-1', z: 2 },
      { ...group, name: 'stage-3', z: 9.01 },
    ];
    expect(reasonOf(score, explanation({ intensities, groups }))).toBe(
      'Its score of 5.12 is above the boundary of 3.5. What has moved most is stage-3, by 9.01 standard deviations of the training patches.',
    );
  });

  it('does without an explanation, and names nothing where there is no alarm', () => {
    expect(reasonOf(score, null)).toBe('Its score of 5.12 is above the boundary of 3.5.');
    expect(reasonOf({ ...score, verdict: 'in-distribution', score: 3 }, null)).toContain(
      'not above the boundary of 3.5',
    );
    expect(reasonOf({ ...score, verdict: 'uncalibrated', boundary: null }, null)).toContain('not calibrated');
  });
});
