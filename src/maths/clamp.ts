/**
 * x, or the end of [low, high] beyond which it lies. By comparisons: Math.min and Math.max look for
 * -0 and NaN too, and a plane takes them a fifth longer or more.
 */
export function clamp(x: number, low: number, high: number): number {
  return x < low ? low : x > high ? high : x;
}
