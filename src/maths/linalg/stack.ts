/** Vectors of one length as the rows of a matrix in C order. */
export function stackRows(vectors: readonly Float32Array[]): Float32Array {
  const d = vectors[0]?.length ?? 0;
  const rows = new Float32Array(vectors.length * d);
  vectors.forEach((vector, i) => {
    rows.set(vector, i * d);
  });
  return rows;
}

/** Some columns of a matrix [n, m] in C order, as a matrix [n, width]. */
export function columnsOf(
  matrix: Float32Array,
  m: number,
  { from, width }: { readonly from: number; readonly width: number },
): Float32Array {
  const n = m === 0 ? 0 : matrix.length / m;
  const out = new Float32Array(n * width);
  for (let i = 0; i < n; i++) out.set(matrix.subarray(i * m + from, i * m + from + width), i * width);
  return out;
}
