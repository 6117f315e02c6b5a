import type { Anatomy } from './anatomy.js';
import type { Grid } from './grid.js';
import { lungDepth } from './lungs.js';
import { between, direction, type Random } from './random.js';
import { clamp, type Tube, tubeDepth } from './shapes.js';

type Point = [number, number, number];

/** One branch and everything that springs from it. */
function grow(patient: Anatomy, next: Random, from: Point, heading: Point, radius: number, out: Tube[]): void {
  const length = between(next, 10, 17) + radius * 2;
  const jitter = direction(next);
  const to: Point = [0, 0, 0];
  let norm = 0;
  for (let i = 0; i < 3; i++) {
    heading[i] = heading[i] + 0.35 * jitter[i];
    norm += heading[i] * heading[i];
  }
  norm = Math.sqrt(norm);
  for (let i = 0; i < 3; i++) to[i] = from[i] + (length * heading[i]) / norm;
  const endRadius = radius * 0.86;
  out.push({ from, to, radius, endRadius });
  if (endRadius < 0.75 || lungDepth(patient, to[0], to[1], to[2]) < 4) return;
  for (const share of [between(next, 0.78, 0.92), between(next, 0.5, 0.75)]) {
    const turn = direction(next);
    const on: Point = [heading[0] / norm, heading[1] / norm, heading[2] / norm];
    grow(
      patient,
      next,
      to,
      [on[0] + 0.6 * turn[0], on[1] + 0.6 * turn[1], on[2] + 0.6 * turn[2]],
      endRadius * share,
      out,
    );
  }
}

/** The arteries and veins of both lungs, branching from the hila. */
export function vesselTrees(patient: Anatomy, next: Random): Tube[] {
  const out: Tube[] = [];
  for (const side of [-1, 1]) {
    const hilum: Point = [side * 36, 6, patient.carina - 22];
    for (let i = 0; i < 9; i++) {
      const towards: Point = [side * between(next, 0.2, 1), between(next, -0.9, 0.9), between(next, -1.3, 0.9)];
      grow(patient, next, [...hilum], towards, between(next, 3, 5), out);
    }
  }
  return out;
}

/**
 * The share of every voxel that vessels fill: drawn tube by tube, for a tree has hundreds and each
 * touches few voxels.
 */
export function drawTubes(list: readonly Tube[], grid: Grid): Float32Array {
  const [depth, height, width] = grid.shape;
  const share = new Float32Array(depth * height * width);
  const [sz, sy, sx] = grid.spacing;
  const [oz, oy, ox] = grid.origin;
  for (const tube of list) {
    const reach = tube.radius + sx;
    const range = (axis: 0 | 1 | 2, origin: number, spacing: number, size: number): [number, number] => [
      clamp(Math.floor((Math.min(tube.from[axis], tube.to[axis]) - reach - origin) / spacing), 0, size),
      clamp(Math.ceil((Math.max(tube.from[axis], tube.to[axis]) + reach - origin) / spacing) + 1, 0, size),
    ];
    const [z0, z1] = range(2, oz, sz, depth);
    const [y0, y1] = range(1, oy, sy, height);
    const [x0, x1] = range(0, ox, sx, width);
    // What is thinner than a voxel fills only a part of it.
    const most = Math.min(1, 0.35 + tube.radius / sx);
    for (let z = z0; z < z1; z++) {
      for (let y = y0; y < y1; y++) {
        for (let x = x0; x < x1; x++) {
          const depthInside = tubeDepth(ox + x * sx, oy + y * sy, oz + z * sz, tube);
          const filled = most * clamp(0.5 + depthInside / sx, 0, 1);
          const at = (z * height + y) * width + x;
          if (filled > share[at]) share[at] = filled;
        }
      }
    }
  }
  return share;
}
