import type { Encoded, Encoder } from './encoder.js';

/**
 * Results that are kept: a scan has one kind of constant patch, air below the clip; several
 * scanners have a few.
 */
const KEPT = 8;

/**
 * The same encoder, which encodes a patch whose channels are each one value (air below the clip,
 * and what is padded beside it) once and remembers the result. Exact: the network gives the same
 * for the same patch. Every caller gets a copy.
 */
export function rememberingConstants(encoder: Encoder): Encoder {
  const known = new Map<string, Promise<Encoded>>();
  return {
    ...encoder,
    isUneven: true,
    async encode(data, shape) {
      const values = constantsOf(data, shape[0]);
      if (values === null) return encoder.encode(data, shape);
      // As text 0 and -0 are the same, and a network may tell them apart.
      const key = `${values.map((v) => (Object.is(v, -0) ? '-0' : v)).join()}/${shape.join()}`;
      let result = known.get(key);
      // Inserted anew, so that the first key is the one that was not asked for longest.
      known.delete(key);
      result ??= encoder.encode(data, shape);
      known.set(key, result);
      // A failure is told to whoever waits for it, and tried again by the next.
      result.catch(() => known.delete(key));
      if (known.size > KEPT) known.delete(known.keys().next().value!);
      const { measured, ...encoded } = await result;
      return { ...encoded, data: encoded.data.slice(), ...(measured && { measured: measured.slice() }) };
    },
  };
}

/**
 * The value of every channel of a patch [c, z, y, x], where each has only one; null for nearly all
 * patches, which is seen at their first few voxels.
 */
function constantsOf(data: Float32Array, channels: number): number[] | null {
  const voxels = data.length / channels;
  const values: number[] = [];
  for (let c = 0; c < channels; c++) {
    const value = data[c * voxels];
    for (let i = c * voxels; i < (c + 1) * voxels; i++) if (!Object.is(data[i], value)) return null;
    values.push(value);
  }
  return values;
}
