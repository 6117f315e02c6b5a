import { expect, it } from 'vitest';
import { readRecord, readRecordList } from '../../src/protocol/record.js';
import { RIGHT_RECORD } from '../support/answers.js';

const running = { ...RIGHT_RECORD, status: 'running', result: null, progress: { patches: 1, total: 8 } };
const failed = { ...RIGHT_RECORD, status: 'failed', result: null, error: { code: 'truncated', message: 'It ends.' } };

it.each([
  ['done', RIGHT_RECORD],
  ['under way', running],
  ['failed', failed],
  ['interrupted', { ...RIGHT_RECORD, status: 'interrupted', result: null }],
  ['of an older server', { ...RIGHT_RECORD, result: { ...RIGHT_RECORD.result, pValue: undefined } }],
  ['of a later server', { ...RIGHT_RECORD, more: 1 }],
])('takes a record that is %s as it is', (_, record) => {
  expect(readRecord(record)).toBe(record);
  expect(readRecordList({ scans: [record], next: null }).scans).toEqual([record]);
});

it.each<[string, object, RegExp]>([
  ['done without a result', { ...RIGHT_RECORD, result: null }, /^result: the scan is done/],
  ['failed with one', { ...failed, result: RIGHT_RECORD.result }, /^result: the scan is failed/],
  ['failed of nothing', { ...failed, error: null }, /^error: /],
  ['done with an error', { ...RIGHT_RECORD, error: failed.error }, /^error: /],
  ['of another case', { ...RIGHT_RECORD, case: 'other' }, /^case: it is "other" and its result's "scan"/],
  ['of another detector', { ...RIGHT_RECORD, detectorHash: 'sha256:other' }, /^detector: /],
  [
    'of a score that contradicts itself',
    { ...RIGHT_RECORD, result: { ...RIGHT_RECORD.result, score: 9 } },
    /^verdict: /,
  ],
  ['beyond its patches', { ...running, progress: { patches: 9, total: 8 } }, /^progress: 9 of 8/],
  ['of no status', { ...RIGHT_RECORD, status: 'banana' }, /status: /],
])('refuses a record that is %s', (_, record, message) => {
  expect(() => readRecord(record)).toThrow(message);
  expect(() => readRecordList({ scans: [RIGHT_RECORD, record], next: null })).toThrow(message);
});
