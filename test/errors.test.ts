import { expect, it } from 'vitest';
import { SegcanaryError } from '../src/errors.js';

it('is one line that no terminal obeys, whatever the names in it hold', () => {
  const name = 'scan\u001b[2J\r\nfake: all is well\u0000.nii';
  expect(new SegcanaryError('io', `cannot read ${name}: it is gone.`).message).toBe(
    'cannot read scan [2J fake: all is well .nii: it is gone.',
  );
});

it('can be read to its end', () => {
  const { message } = new SegcanaryError('io', `${'a'.repeat(1e6)}.`);
  expect(message.length).toBeLessThan(5010);
  expect(message).toMatch(/^a+ … a+\.$/);
});
