/** Vectors of one length as the rows of a matrix in C order. */
export function stackRows(vectors: readonly Float32Array[]): Float32Array {
  const d = vectors[0]?.length ?? 0;
  const rows = new Float32Array(vectors.length * d);
  vectors.forEach((vector, i) => {
    rows.set(vector, i * d);
  });
  return rows;
}
