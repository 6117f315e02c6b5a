import { eachSlice } from './slices.js';

/** 2 |A and B| / (|A| + |B|) over the voxels above 0; 1 where both are empty. */
export async function dice(prediction: string, truth: string): Promise<number> {
  const [a, b] = await Promise.all([foreground(prediction), foreground(truth)]);
  let [both, sum] = [0, 0];
  a.forEach((inside, i) => {
    both += inside & b[i];
    sum += inside + b[i];
  });
  return sum === 0 ? 1 : (2 * both) / sum;
}

async function foreground(path: string): Promise<number[]> {
  const voxels: number[] = [];
  await eachSlice(path, ({ data }) => {
    for (const value of data.data) voxels.push(value > 0 ? 1 : 0);
  });
  return voxels;
}
