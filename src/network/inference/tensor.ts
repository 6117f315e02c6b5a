/**
 * The element types that cross to the inference worker. float16 travels as its bits in a
 * Uint16Array, bool as 0 and 1 in a Uint8Array.
 */
export type TensorType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'int64'
  | 'uint64'
  | 'int32'
  | 'uint32'
  | 'int16'
  | 'uint16'
  | 'int8'
  | 'uint8'
  | 'bool';

export type TensorData =
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** An n-d array in C order, as onnxruntime takes and gives it. */
export interface Tensor {
  readonly type: TensorType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/**
 * Readies tensors for `postMessage`: a tensor that owns its whole buffer is transferred (0.02 ms
 * for a patch), any other is copied first, because transferring would take the rest of the buffer
 * away from its owner (and shared memory is refused by onnxruntime).
 */
export function transferable(tensors: Record<string, Tensor>): {
  tensors: Record<string, Tensor>;
  buffers: ArrayBuffer[];
} {
  const buffers = new Set<ArrayBuffer>();
  const out: [string, Tensor][] = [];
  for (const [name, { type, dims, data }] of Object.entries(tensors)) {
    const whole = data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength;
    // A Buffer's own `slice` is a view.
    const own = whole ? data : Buffer.isBuffer(data) ? new Uint8Array(data) : data.slice();
    buffers.add(own.buffer as ArrayBuffer);
    out.push([name, { type, dims: [...dims], data: own }]);
  }
  // A tensor may be named __proto__, which only this makes a property like any other.
  return { tensors: Object.fromEntries(out), buffers: [...buffers] };
}
