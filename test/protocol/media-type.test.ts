import { describe, expect, it } from 'vitest';
import { mediaTypeOf } from '../../src/protocol/media-type.js';

describe('mediaTypeOf', () => {
  it.each([
    ['multipart/related; type="application/dicom"; boundary=b', { type: 'application/dicom', boundary: 'b' }],
    ['Multipart/Related;boundary="a b;c\\"d"', { boundary: 'a b;c"d' }],
    ['multipart/related; BOUNDARY=x ; boundary=y', { boundary: 'x' }],
    ['multipart/related; boundary="open', {}],
    ['multipart/related; odd; boundary=x', {}],
    ['multipart/related', {}],
  ])('reads %s', (text, parameters) => {
    const read = mediaTypeOf(text);
    expect(read.essence).toBe('multipart/related');
    expect(Object.fromEntries(read.parameters)).toEqual(parameters);
  });

  it('takes no longer for a type that is made to take long', () => {
    const started = performance.now();
    mediaTypeOf(`multipart/related; ${'a=b; '.repeat(3000)}"${'\\"'.repeat(20_000)}`);
    mediaTypeOf(`multipart/related; boundary="${'\\'.repeat(100_000)}`);
    mediaTypeOf(`multipart/related;${' '.repeat(100_000)}x`);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});
