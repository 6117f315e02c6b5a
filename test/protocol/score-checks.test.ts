import { describe, expect, it } from 'vitest';
import { calibrate } from '../../src/detectors/calibration.js';
import { subjectScore } from '../../src/detectors/verdict.js';
import { checkAgainst } from '../../src/protocol/score-checks.js';
import { readScore, readScoreOf } from '../../src/protocol/score-reader.js';
import { WrongAnswer } from '../../src/protocol/wrong-answer.js';
import { RIGHT_DETECTOR, RIGHT_SCORE } from '../support/answers.js';

const { pValue: _, ...withoutP } = RIGHT_SCORE;
const uncalibrated = { ...RIGHT_SCORE, boundary: null, verdict: 'uncalibrated', pValue: null, uncertainty: null };
const quality = { dice: 0.8, atLeast: 0.6, level: 0.9, perLabel: { lung: { dice: 0.8, atLeast: null } }, note: null };

describe('readScore', () => {
  it.each([
    ['a score', RIGHT_SCORE],
    ['one of an older server', withoutP],
    ['one of a later server', { ...RIGHT_SCORE, more: { of: 'it' }, worstPatch: { ...RIGHT_SCORE.worstPatch, z: 1 } }],
    ['one without a boundary', uncalibrated],
    ['one at the boundary', { ...RIGHT_SCORE, score: 5 }],
    ['a segmentation', { ...RIGHT_SCORE, voxels: { 0: 5, 1: 0 }, quality, trust: 'yes', segmentation: null }],
    ['an explanation', { ...RIGHT_SCORE, explanation: { patches: null, groups: [], intensities: [], notes: [] } }],
  ])('takes %s as it is', (_name, value) => {
    expect(readScore(value)).toBe(value);
  });

  it.each<[string, unknown, string]>([
    ['nothing', {}, 'case: '],
    ['no object', null, 'all of it: '],
    ['a word', 'banana', 'all of it: '],
    ['no verdict', { ...RIGHT_SCORE, verdict: undefined }, 'verdict: '],
    ['a verdict that is none', { ...RIGHT_SCORE, verdict: 'banana' }, 'verdict: '],
    [
      'a verdict against its score',
      { ...RIGHT_SCORE, score: 9e9 },
      'verdict: it is in-distribution of a score of 9000000000 at a boundary of 5',
    ],
    ['a verdict against its boundary', { ...RIGHT_SCORE, verdict: 'out-of-distribution' }, 'verdict: '],
    ['no boundary and a verdict', { ...RIGHT_SCORE, boundary: null }, 'verdict: '],
    ['a boundary and no verdict', { ...RIGHT_SCORE, verdict: 'uncalibrated' }, 'verdict: '],
    [
      'a score beyond float64',
      JSON.parse(JSON.stringify(RIGHT_SCORE).replace('"score":4', '"score":1e999')),
      'score: ',
    ],
    ['a score in words', { ...RIGHT_SCORE, score: '4' }, 'score: '],
    ['no p-value beside a boundary', { ...RIGHT_SCORE, pValue: null }, 'pValue: '],
    ['a p-value of 0', { ...RIGHT_SCORE, pValue: 0 }, 'pValue: '],
    ['a p-value above 1', { ...RIGHT_SCORE, pValue: 1.01 }, 'pValue: '],
    ['a p-value of the uncalibrated', { ...uncalibrated, pValue: 0.5 }, 'pValue: '],
    ['an uncertainty above 1', { ...RIGHT_SCORE, uncertainty: 1.5 }, 'uncertainty: '],
    ['an uncertainty of the uncalibrated', { ...uncalibrated, uncertainty: 0.5 }, 'uncertainty: '],
    ['no patches', { ...RIGHT_SCORE, patches: 0 }, 'patches: '],
    ['half a patch', { ...RIGHT_SCORE, patches: 1.5 }, 'patches: '],
    ['a place of two numbers', { ...RIGHT_SCORE, worstPatch: { distance: 1, centre: [1, 2] } }, 'worstPatch.centre'],
    ['warnings in words', { ...RIGHT_SCORE, warnings: ['x'] }, 'warnings.0'],
    ['a Dice above 1', { ...RIGHT_SCORE, quality: { ...quality, dice: 1.2 } }, 'quality: '],
    ['a bound above its Dice', { ...RIGHT_SCORE, quality: { ...quality, atLeast: 0.9 } }, 'quality: '],
    ['trust in a flagged scan', { ...RIGHT_SCORE, score: 6, verdict: 'out-of-distribution', trust: 'yes' }, 'trust: '],
    ['half a voxel', { ...RIGHT_SCORE, voxels: { 1: 0.5 } }, 'voxels: '],
    ['an explanation in words', { ...RIGHT_SCORE, explanation: 'because' }, 'explanation: '],
  ])('refuses %s', (_name, value, message) => {
    expect(() => readScore(value)).toThrow(WrongAnswer);
    expect(() => readScore(value)).toThrow(message);
  });

  it('refuses the score of another scan, and a segmentation that is not there', () => {
    expect(() => readScoreOf(RIGHT_SCORE, { case: '../../pwned', segment: false })).toThrow(/^case: it is of "scan"/);
    expect(() => readScoreOf(RIGHT_SCORE, { case: 'scan', segment: true })).toThrow(/^voxels: /);
  });
});

describe('checkAgainst', () => {
  it('takes whatever our own verdicts say, of any score at any number of calibration scans', () => {
    for (const n of [1, 2, 5, 19, 40]) {
      const calibration = calibrate(
        Array.from({ length: n }, (_v, i) => ({ case: `c${i}`, score: Math.sin(i * 7919) * 3 + (n % 2 ? 4 : 0) })),
      );
      const { min, max, boundary } = calibration;
      const edges = calibration.cases.flatMap(({ score }) => [score, score - 1e-6, score + 1e-6]);
      for (const score of [...edges, min - 5, max + 1e6]) {
        const said = subjectScore(
          { case: 'scan', score, patches: 1, worstPatch: null },
          { calibration, detector: RIGHT_DETECTOR.hash },
        );
        const read = readScore(JSON.parse(JSON.stringify(said)));
        checkAgainst(read, { hash: RIGHT_DETECTOR.hash, calibration: { n, min, max, boundary } });
      }
    }
  });

  it.each<[string, object, RegExp]>([
    ['of another detector', { detector: 'sha256:other' }, /^detector: .*ask again/],
    ['of another boundary', { boundary: 4.5 }, /^boundary: it is 4.5 and the detector's 5/],
    ['of an uncertainty that does not follow', { uncertainty: 0.9 }, /^uncertainty: /],
    ['without the uncertainty', { uncertainty: null }, /^uncertainty: /],
    ['of a p-value between two ranks', { pValue: 0.31 }, /^pValue: /],
    ['of the p-value of the largest', { pValue: 1 / 20 }, /^pValue: /],
    ['of the p-value of the least', { pValue: 1 }, /^pValue: /],
    ['uncalibrated', { boundary: null, verdict: 'uncalibrated', pValue: null, uncertainty: null }, /^boundary: /],
  ])('refuses a score %s', (_name, change, message) => {
    expect(() => checkAgainst({ ...RIGHT_SCORE, ...change }, RIGHT_DETECTOR)).toThrow(message);
    checkAgainst(RIGHT_SCORE, RIGHT_DETECTOR);
    checkAgainst({ ...RIGHT_SCORE, ...change }, {});
  });
});
