import { z } from 'zod';

/** A float64 tensor in C order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** The format's own limit on its header. */
const MAX_HEADER = 100_000_000;

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/**
 * float64 tensors as the pieces of a safetensors file (huggingface/safetensors, README "Format"): a
 * 64-bit length, a JSON header padded with spaces to a multiple of 8, then the tensors' bytes.
 * Little-endian, as is every machine that onnxruntime-node is built for.
 */
export function encodeSafetensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array[] {
  const header: Record<string, z.input<typeof entrySchema>> = {};
  let at = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    header[name] = { dtype: 'F64', shape: [...shape], data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const json = JSON.stringify(header);
  const text = Buffer.from(
    json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8 - Buffer.byteLength(json) + json.length),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const bodies = Object.values(tensors).map(
    ({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  );
  return [length, text, ...bodies];
}

/**
 * The float64 tensors of a safetensors file, as views of its bytes where their alignment allows.
 * @throws Error with half a sentence ("its header …") for whoever knows the file's name.
 */
export function decodeSafetensors(bytes: Uint8Array): Record<string, Tensor> {
  if (bytes.length < 8) throw new Error('it is too short for a safetensors file');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER, bytes.length - 8))) throw new Error('its header is longer than the file');
  const start = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, start));
  refuseOverlap(header);
  const tensors: Record<string, Tensor> = {};
  for (const [
    name,
    {
      dtype,
      shape,
      data_offsets: [from, to],
    },
  ] of Object.entries(header)) {
    if (dtype !== 'F64') throw new Error(`its tensor ${name} is ${dtype}, not F64`);
    const count = shape.reduce((product, size) => product * size, 1);
    if (to - from !== 8 * count) throw new Error(`its tensor ${name} does not have the bytes of its shape`);
    if (to > bytes.length - start) throw new Error(`its tensor ${name} goes past the end of the file`);
    const offset = bytes.byteOffset + start + from;
    const aligned = offset % 8 === 0;
    const data = aligned
      ? new Float64Array(bytes.buffer as ArrayBuffer, offset, count)
      : new Float64Array(bytes.slice(start + from, start + to).buffer);
    // What was fitted is finite, and a distance of NaN would be blamed on the scan.
    if (!allFinite(data)) throw new Error(`its tensor ${name} holds NaN or infinity`);
    tensors[name] = { shape, data };
  }
  return tensors;
}

/** x - x is 0 for every finite x. A loop, because a whitener has tens of millions of numbers. */
function allFinite(data: Float64Array): boolean {
  for (let i = 0; i < data.length; i++) if (data[i] - data[i] !== 0) return false;
  return true;
}

/** The format has every byte in one tensor at most. */
function refuseOverlap(header: Readonly<Record<string, z.output<typeof entrySchema>>>): void {
  let end = 0;
  for (const [name, { data_offsets }] of Object.entries(header).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0],
  )) {
    if (data_offsets[0] < end) throw new Error(`its tensor ${name} overlaps another`);
    end = Math.max(end, data_offsets[1]);
  }
}

function parseHeader(bytes: Uint8Array): Record<string, z.output<typeof entrySchema>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Error('its header is not JSON', { cause });
  }
  if (header !== null && typeof header === 'object') delete (header as Record<string, unknown>).__metadata__;
  const parsed = z.record(z.string(), entrySchema).safeParse(header);
  if (!parsed.success) throw new Error('its header does not describe tensors');
  return parsed.data;
}
