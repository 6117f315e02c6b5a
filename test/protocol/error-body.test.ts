import { expect, it } from 'vitest';
import { describeError, SegcanaryError } from '../../src/errors.js';
import { errorBodyOf, isErrorBody, readErrorBody } from '../../src/protocol/error-body.js';
import { errorBody } from '../../src/protocol/error-schema.js';

const described = describeError(
  new SegcanaryError('usage', 'there is no volume 3 (`volume` counts from 0).', { subject: 'p1', option: 'volume' }),
);

it('is read as it was written, and has the form that the OpenAPI document tells', () => {
  const body = errorBodyOf(described);
  expect(readErrorBody(JSON.stringify(body))).toEqual({
    code: 'usage',
    message: 'p1: there is no volume 3 (`volume` counts from 0).',
    subject: 'p1',
    option: 'volume',
  });
  expect(errorBody.parse(body)).toEqual(body);
  expect(isErrorBody(body)).toBe(true);
  expect(isErrorBody({ case: 'p1', score: 1 })).toBe(false);
});

it.each([
  '<html>',
  '{}',
  'null',
  '{"error":{"code":"","message":"x"}}',
  '{"error":{}}',
  '{"error":{"message":1}}',
  '{"message":"no such route"}',
])('%s is no error of a segcanary server', (text) => {
  expect(() => readErrorBody(text)).toThrow();
});

it('has an option where its sentence quotes it', () => {
  const read = (option: string) =>
    readErrorBody(JSON.stringify({ error: { code: 'usage', message: 'give `volume`.', option } }));
  expect(read('volume')).toEqual({ code: 'usage', message: 'give `volume`.', option: 'volume' });
  expect(read('constructor')).toEqual({ code: 'usage', message: 'give `volume`.' });
});
