import { Readable } from 'node:stream';

/** Slices of a synthetic CT: a body in air, no two slices alike, always the same for the same z. */
function slice(z: number, size: number): Int16Array {
  const out = new Int16Array(size * size);
  let state = (z + 1) * 2654435761;
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const r = Math.hypot((x / size - 0.5) / 0.42, (y / size - 0.5) / 0.32);
      out[i] = (r < 1 ? 40 - 850 * Number(r < 0.6) : -1000) + (state >> 26);
    }
  }
  return out;
}

/**
 * The bytes of an uncompressed int16 NIfTI-1 file, made one slice at a time so that the maker needs
 * no memory either.
 */
export function syntheticScan(options: {
  readonly size: number;
  readonly slices: number;
  readonly spacing: readonly [z: number, y: number, x: number];
}): Readable {
  const { size, slices, spacing } = options;
  return Readable.from(
    (function* () {
      const header = Buffer.alloc(352);
      header.writeInt32LE(348, 0);
      for (const [i, n] of [3, size, size, slices, 1, 1, 1, 1].entries()) header.writeInt16LE(n, 40 + 2 * i);
      header.writeInt16LE(4, 70);
      header.writeInt16LE(16, 72);
      for (const [i, n] of [1, spacing[2], spacing[1], spacing[0]].entries()) header.writeFloatLE(n, 76 + 4 * i);
      header.writeFloatLE(352, 108);
      header.writeFloatLE(1, 112);
      header.writeUInt8(2, 123);
      header.write('n+1\0', 344, 'latin1');
      yield header;
      // Slices repeat after 64, so that making them costs no more than reading a file would.
      const made = new Map<number, Buffer>();
      for (let z = 0; z < slices; z++) {
        const key = z % 64;
        if (!made.has(key)) made.set(key, Buffer.from(slice(key, size).buffer));
        yield made.get(key) as Buffer;
      }
    })(),
  );
}
