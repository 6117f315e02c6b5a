/**
 * nnU-Net's Gaussian along one axis of a patch: exp(-((j - c) / sigma)^2 / 2) with c = floor(n /
 * 2), sigma = n / 8, peak 1.
 *
 * nnU-Net filters a unit impulse (sliding_window_prediction.py, compute_gaussian) and casts the
 * result to float16; the impulse response is the outer product of these three windows (to 3e-16
 * before the cast), which is what makes the mask three small matrices.
 *
 * @param n voxels of the patch along the axis
 */
export function gaussianWindow(n: number): Float64Array {
  const centre = Math.floor(n / 2);
  const sigma = n / 8;
  return Float64Array.from({ length: n }, (_, j) => Math.exp(-0.5 * ((j - centre) / sigma) ** 2));
}
