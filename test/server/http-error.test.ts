import { expect, it } from 'vitest';
import { SegcanaryError } from '../../src/errors.js';
import { HttpError, reasonOf } from '../../src/server/http-error.js';

it('a reason is one line: what broke and what broke it, without the name of the case', () => {
  const cause = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const error = new SegcanaryError('io', 'cannot be written: the disk is full.', { subject: 'Jane Doe', cause });
  expect(reasonOf(error)).toBe('cannot be written: the disk is full, because: ENOSPC: no space left on device, write');
  expect(reasonOf(new TypeError('x is not\na function'))).toBe('TypeError: x is not a function');
  expect(reasonOf('a text')).toBe('a text');
  expect(reasonOf(undefined)).toBe('');
});

it('a cause that says the same is not said again, and a circle ends', () => {
  const error: Error & { cause?: unknown } = new Error('cannot open a.db: no such file');
  error.cause = new Error('no such file', { cause: error });
  expect(reasonOf(error)).toBe('cannot open a.db: no such file');
});

it('a sentence that quotes a line end has one line', () => {
  expect(new HttpError(404, 'not-found', 'There is no scan a\r\nX: b.').message).toBe('There is no scan a X: b.');
});
