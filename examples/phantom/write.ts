import { writeNifti } from 'segcanary';
import type { Phantom } from './phantom.js';

/** Writes the scan, and the truth where a path for it is given, as NIfTI. */
export async function writePhantom(phantom: Phantom, scan: string, truth?: string): Promise<void> {
  const { shape, spacing, volume, label } = phantom;
  await writeNifti(scan, { shape, spacing, dataType: 'int16', slices: slicesOf(volume, shape) });
  if (truth !== undefined)
    await writeNifti(truth, { shape, spacing, dataType: 'uint8', slices: slicesOf(label, shape) });
}

function* slicesOf<T extends Int16Array | Uint8Array>(
  data: T,
  [slices, height, width]: Phantom['shape'],
): Generator<T> {
  const size = height * width;
  for (let z = 0; z < slices; z++) yield data.subarray(z * size, (z + 1) * size) as T;
}
