import ndarray, { type NdArray } from 'ndarray';
import ops from 'ndarray-ops';

/**
 * The numbers of a view in C order: the view's own memory where it already lies so, else a copy.
 * Not to be written to.
 */
export function contiguous<T extends Float32Array | Uint8Array | Uint16Array>(view: NdArray<T>): T {
  let step = 1;
  let inOrder = true;
  for (let axis = view.dimension - 1; axis >= 0; axis--) {
    inOrder &&= view.stride[axis] === step || view.shape[axis] === 1;
    step *= view.shape[axis];
  }
  if (inOrder) return view.data.subarray(view.offset, view.offset + view.size) as T;
  const copy = ndarray(new (view.data.constructor as new (size: number) => T)(view.size), view.shape);
  ops.assign(copy, view);
  return copy.data;
}
