/** Voxels and millimetres. A matrix is four rows of four numbers, as a NIfTI header has them. */

/** The place of a voxel [x, y, z] of a file, in mm. */
export function voxelToMm(affine, [x, y, z]) {
  return [0, 1, 2].map((i) => affine[i][0] * x + affine[i][1] * y + affine[i][2] * z + affine[i][3]);
}

/** The voxel at a place in mm, not rounded; null where the matrix has no inverse. */
export function mmToVoxel(affine, mm) {
  const [[a, b, c], [d, e, f], [g, h, i]] = affine;
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  if (determinant === 0 || !Number.isFinite(determinant)) return null;
  const [p, q, r] = mm.map((v, k) => v - affine[k][3]);
  return [
    ((e * i - f * h) * p + (c * h - b * i) * q + (b * f - c * e) * r) / determinant,
    ((f * g - d * i) * p + (a * i - c * g) * q + (c * d - a * f) * r) / determinant,
    ((d * h - e * g) * p + (b * g - a * h) * q + (a * e - b * d) * r) / determinant,
  ];
}
