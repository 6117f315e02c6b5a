/** z / |z|; zeros stay zeros. */
export function l2Normalise(z: Float32Array): Float32Array {
  let squares = 0;
  for (let i = 0; i < z.length; i++) squares += z[i] * z[i];
  const length = Math.sqrt(squares);
  return length > 0 ? z.map((value) => value / length) : z;
}
