import type { ServerDetector } from '../../src/protocol/detectors.js';
import type { ServerRecord } from '../../src/protocol/record.js';
import type { RemoteScore } from '../../src/protocol/score.js';
import { HASH } from './records.js';

/** A detector as a server lists it. */
export const RIGHT_DETECTOR: ServerDetector = {
  name: 'chest',
  default: true,
  hash: HASH,
  kind: 'features',
  method: 'multi-depth',
  tap: null,
  channels: ['CT'],
  segments: false,
  calibration: { n: 19, min: 1, max: 6, boundary: { paper: 5, conformal: 5, level: 0.95 } },
  warnings: [],
};

/** A score of that detector: (4 - 1) / (12 - 1), and 5 of 19 scores at least as large. */
export const RIGHT_SCORE: RemoteScore = {
  case: 'scan',
  score: 4,
  uncertainty: 3 / 11,
  boundary: 5,
  verdict: 'in-distribution',
  pValue: 6 / 20,
  patches: 8,
  worstPatch: { distance: 9, centre: [1, 2, 3] },
  warnings: [{ code: 'orientation', message: 'Its axes run LPS.' }],
  detector: HASH,
};

/** The record of a scan that was scored so. */
export const RIGHT_RECORD: ServerRecord = {
  id: '01a20923-6d53-7000-8e92-ba261ff4a21d',
  status: 'done',
  case: 'scan',
  detector: 'chest',
  detectorHash: HASH,
  site: null,
  scanner: null,
  receivedAt: '2026-01-02T03:04:05.000Z',
  startedAt: '2026-01-02T03:04:06.000Z',
  finishedAt: '2026-01-02T03:04:07.000Z',
  seconds: 1,
  progress: null,
  result: RIGHT_SCORE,
  explanation: null,
  error: null,
  kept: [],
};

/** Its drift test, after one scan. */
export const RIGHT_DRIFT = {
  detector: 'chest',
  site: null,
  sites: ['North'],
  n: 1,
  level: 0.01,
  martingale: 1,
  log10: 0,
  alarm: false,
  alarmAt: null,
  points: [{ id: 'x', at: '2026-01-02T03:04:05.000Z', score: 4, p: 0.3, log10: 0 }],
  calibration: [1, 6],
};
