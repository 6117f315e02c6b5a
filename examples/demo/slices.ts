import { chain, load, openScan, type Plane, type Slice } from 'segcanary';

/** Shows every slice of a NIfTI file, read with the package's own loader. */
export async function eachSlice(path: string, look: (slice: Slice) => void): Promise<void> {
  await chain(load({ case: path }))
    .observe(look)
    .run(await openScan(path));
}

export async function readSlice(path: string, z: number): Promise<Plane> {
  let found: Plane | null = null;
  await eachSlice(path, (slice) => {
    if (slice.z !== z) return;
    const [, height, width] = slice.data.shape as [number, number, number];
    found = { width, height, values: Float32Array.from(slice.data.data) };
  });
  if (found === null) throw new Error(`${path} has no slice ${z}`);
  return found;
}
