import { expect, it } from 'vitest';
import { SegcanaryError } from '../src/errors.js';

it('an error is one line that a terminal can stand, whatever a file put into it', () => {
  const { message } = new SegcanaryError('plan-invalid', 'plans.json: has no configuration "a\r\nb\u001b[2J\u2028c".');
  expect(message).toBe('plans.json: has no configuration "a b [2J c".');
});

it('an error keeps its beginning and its end where a file made it a megabyte long', () => {
  const { message } = new SegcanaryError('plan-invalid', `plans.json: field ${'x'.repeat(1e6)} is wrong.`);
  expect(message).toMatch(/^plans\.json: field x{1000,} … x+ is wrong\.$/);
  expect(message.length).toBeLessThan(2000);
});
