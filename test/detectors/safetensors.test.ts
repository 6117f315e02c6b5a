import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors } from '../../src/detectors/safetensors.js';

// Written by the Python package safetensors: test/oracle/safetensors_file.py
const fixture = new Uint8Array(readFileSync(new URL('../fixtures/safetensors/gaussian.safetensors', import.meta.url)));
const mean = Float64Array.of(1, -2, 0.1);
const whitener = Float64Array.of(1e-300, 2, 3, 4, 5, 6e300);

const withHeader = (header: string, body = 0) => {
  const bytes = new Uint8Array(8 + header.length + body);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(new TextEncoder().encode(header), 8);
  return bytes;
};

describe('safetensors', () => {
  it('reads what Python wrote', () => {
    const tensors = decodeSafetensors(fixture);
    expect(tensors.mean).toEqual({ shape: [3], data: mean });
    expect(tensors.whitener).toEqual({ shape: [2, 3], data: whitener });
  });

  it('reads it at an odd offset', () => {
    const shifted = new Uint8Array(fixture.length + 3);
    shifted.set(fixture, 3);
    expect(decodeSafetensors(shifted.subarray(3)).whitener!.data).toEqual(whitener);
  });

  it('writes what Python reads: the same tensors behind a padded header', () => {
    const bytes = Buffer.concat(
      encodeSafetensors({ mean: { shape: [3], data: mean }, whitener: { shape: [2, 3], data: whitener } }),
    );
    expect(bytes.readBigUInt64LE(0) % 8n).toBe(0n);
    expect(decodeSafetensors(bytes)).toEqual(decodeSafetensors(fixture));
    // test/oracle/safetensors_file.py verified this very text with the Python package.
    const verified = readFileSync(
      new URL('../fixtures/safetensors/written-by-segcanary.hex', import.meta.url),
      'utf8',
    ).trim();
    expect(bytes.toString('hex')).toBe(verified);
  });

  it.each([
    ['too short', new Uint8Array(4), 'too short'],
    ['a header longer than the file', Uint8Array.of(255, 0, 0, 0, 0, 0, 0, 0, 123), 'longer than the file'],
    ['a header of 2^63 bytes', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 128, 123), 'longer than the file'],
    ['a header that is not JSON', withHeader('{nonsense'), 'not JSON'],
    ['a header that is null', withHeader('null'), 'does not describe tensors'],
    [
      'a negative size',
      withHeader('{"mean":{"dtype":"F64","shape":[-1],"data_offsets":[0,8]}}', 8),
      'does not describe',
    ],
    ['another dtype', withHeader('{"mean":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', 8), 'is F32, not F64'],
    [
      'offsets that are not the shape',
      withHeader('{"mean":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}}', 8),
      'bytes of its shape',
    ],
    [
      'tensors that overlap',
      withHeader(
        '{"mean":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"whitener":{"dtype":"F64","shape":[1],"data_offsets":[4,12]}}',
        16,
      ),
      'overlaps another',
    ],
    [
      'a tensor past the end',
      withHeader('{"mean":{"dtype":"F64","shape":[1000000000],"data_offsets":[0,8000000000]}}', 8),
      'past the end',
    ],
  ])('refuses %s', (_name, bytes, sentence) => {
    expect(() => decodeSafetensors(bytes)).toThrow(sentence);
  });
});
