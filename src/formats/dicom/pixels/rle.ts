/**
 * Unpacks a frame of RLE Lossless: a segment for every byte of a sample, the highest first, each
 * packed by PackBits. Source: PS3.5, annex G.
 *
 * @param bytes header of 16 unsigned longs, then the segments
 * @param voxels of the frame
 * @param width bytes of a sample
 * @returns little endian samples
 * @throws RangeError with what is wrong where the segments are not what the header says, or do not
 *   hold exactly the frame
 */
export function decodeRle(bytes: Uint8Array, voxels: number, width: number): Uint8Array<ArrayBuffer> {
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length < 64) throw new RangeError(`its RLE header has ${bytes.length} of 64 bytes`);
  const count = header.getUint32(0, true);
  if (count !== width) throw new RangeError(`it has ${count} RLE segments, and its samples ${width} bytes`);
  const starts = Array.from({ length: width }, (_, i) => header.getUint32(4 * (i + 1), true));
  const out = new Uint8Array(voxels * width);
  starts.forEach((start, i) => {
    const end = i + 1 < width ? starts[i + 1] : bytes.length;
    if (start < 64 || end < start || end > bytes.length)
      throw new RangeError(`its RLE segment ${i + 1} lies at bytes ${start} to ${end} of ${bytes.length}`);
    const found = unpack(bytes.subarray(start, end), out, width - 1 - i, width);
    if (found < voxels) throw new RangeError(`its RLE segment ${i + 1} holds ${found} of ${voxels} bytes`);
  });
  return out;
}

/**
 * Unpacks one segment into every `step`th byte from `at` on. Stops where the frame is full: what
 * follows is padding, which some scanners write.
 *
 * @returns bytes that were there
 */
function unpack(packed: Uint8Array, out: Uint8Array, at: number, step: number): number {
  let i = 0;
  let to = at;
  while (i < packed.length && to < out.length) {
    const code = packed[i++];
    if (code < 128) {
      const stop = Math.min(i + code + 1, packed.length);
      for (; i < stop && to < out.length; to += step) out[to] = packed[i++];
    } else if (code > 128 && i < packed.length) {
      const value = packed[i++];
      for (let n = 257 - code; n > 0 && to < out.length; n--, to += step) out[to] = value;
    }
  }
  return (to - at) / step;
}
