import { expect, it } from 'vitest';
import { readDetectors, readDrift } from '../../src/protocol/detectors.js';
import { RIGHT_DETECTOR, RIGHT_DRIFT } from '../support/answers.js';

const { calibration } = RIGHT_DETECTOR;
const other = { ...RIGHT_DETECTOR, name: 'head', default: false, calibration: null };
const calibrated = (change: object) => [{ ...RIGHT_DETECTOR, calibration: { ...calibration, ...change } }];
const drawn = (change: object) => calibrated({ boundary: { ...calibration!.boundary, ...change } });

it('takes detectors as a server lists them', () => {
  const list = [RIGHT_DETECTOR, other];
  expect(readDetectors(list)).toBe(list);
  expect(readDetectors([])).toEqual([]);
});

it.each<[string, unknown, RegExp]>([
  ['no list', {}, /^all of it: /],
  ['a list of nothing', [{}], /^0\.name: /],
  ['two of one name', [RIGHT_DETECTOR, { ...other, name: 'chest' }], /same name/],
  ['two defaults', [RIGHT_DETECTOR, { ...other, default: true }], /the default/],
  ['no default', [other], /the default/],
  ['no channel', [{ ...RIGHT_DETECTOR, channels: [] }], /no channel/],
  ['no calibration scan', calibrated({ n: 0 }), /0 calibration scores/],
  ['a range upside down', calibrated({ min: 7 }), /from 7 to 6/],
  ['a boundary beyond every score', drawn({ conformal: 9e9 }), /the boundary 9000000000 is no score/],
  ['a level of 1', drawn({ level: 1 }), /the level is 1/],
])('refuses %s', (_, list, message) => {
  expect(() => readDetectors(list)).toThrow(message);
});

it('takes the drift that was asked for, and no other', () => {
  expect(readDrift(RIGHT_DRIFT, { detector: 'chest', site: null })).toBe(RIGHT_DRIFT);
  expect(() => readDrift(RIGHT_DRIFT, { detector: 'head', site: null })).toThrow(/^detector: /);
  expect(() => readDrift(RIGHT_DRIFT, { detector: 'chest', site: 'North' })).toThrow(/^site: /);
  const wrong = { ...RIGHT_DRIFT, points: [{ ...RIGHT_DRIFT.points[0], p: 1.5 }] };
  expect(() => readDrift(wrong, { detector: 'chest', site: null })).toThrow(/^points: 1.5 of x/);
});
