/**
 * Shapes as signed distances in mm, positive inside, and what share of a voxel such a shape covers.
 */

export const clamp = (value: number, low: number, high: number): number =>
  value < low ? low : value > high ? high : value;

/** The share of a voxel that lies inside, for a border `depth` mm away that is `width` mm soft. */
export const cover = (depth: number, width: number): number => clamp(0.5 + depth / width, 0, 1);

export const mix = (from: number, to: number, share: number): number => from + (to - from) * share;

/** The smaller of two distances with the corner between them rounded over k mm. */
export function smoothMin(a: number, b: number, k: number): number {
  const h = clamp(0.5 + (b - a) / (2 * k), 0, 1);
  return b + (a - b) * h - k * h * (1 - h);
}

/**
 * Between an ellipse and a rounded box: the outline of a trunk. 1 on the border, below 1 inside.
 */
export function trunk(x: number, y: number): number {
  const x2 = x * x;
  const y2 = y * y;
  return 0.6 * Math.sqrt(x2 + y2) + 0.4 * Math.sqrt(Math.sqrt(x2 * x2 + y2 * y2));
}

/** How deep (x, y) lies inside the trunk of half axes a and b, along the ray from its centre. */
export function trunkDepth(x: number, y: number, a: number, b: number): number {
  const gauge = trunk(x / a, y / b);
  if (gauge < 1e-3) return b;
  return (1 / gauge - 1) * Math.sqrt(x * x + y * y);
}

/** How deep a point lies inside an ellipsoid; exact on the border, where it is needed. */
export function ellipsoid(x: number, y: number, z: number, a: number, b: number, c: number): number {
  const u = x / a;
  const v = y / b;
  const w = z / c;
  const gauge = Math.sqrt(u * u + v * v + w * w);
  if (gauge < 1e-3) return Math.min(a, b, c);
  return (1 / gauge - 1) * Math.sqrt(x * x + y * y + z * z);
}

/** A tube from one point to another, tapering. */
export interface Tube {
  readonly from: readonly [number, number, number];
  readonly to: readonly [number, number, number];
  readonly radius: number;
  readonly endRadius: number;
}

/** How deep (x, y, z) lies inside a tube. */
export function tubeDepth(x: number, y: number, z: number, tube: Tube): number {
  const ax = tube.from[0];
  const ay = tube.from[1];
  const az = tube.from[2];
  const dx = tube.to[0] - ax;
  const dy = tube.to[1] - ay;
  const dz = tube.to[2] - az;
  const t = clamp(((x - ax) * dx + (y - ay) * dy + (z - az) * dz) / (dx * dx + dy * dy + dz * dz), 0, 1);
  const ex = x - ax - t * dx;
  const ey = y - ay - t * dy;
  const ez = z - az - t * dz;
  return mix(tube.radius, tube.endRadius, t) - Math.sqrt(ex * ex + ey * ey + ez * ez);
}
