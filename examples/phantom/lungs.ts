import { type Anatomy, narrowing } from './anatomy.js';
import { clamp, cover, ellipsoid, mix, smoothMin, trunkDepth } from './shapes.js';

/** How deep a point lies inside the rib cage; negative in the chest wall. */
export function cageDepth(patient: Anatomy, x: number, y: number, z: number): number {
  const { cage } = patient;
  const k = narrowing(patient, z);
  // The narrowed cage stays near the spine: the apices lie behind.
  return trunkDepth(x, y - cage.y - (1 - k) * 0.4 * cage.b, cage.a * k, cage.b * k);
}

/** Height of a point above the diaphragm: two domes that fall to the back and to the sides. */
export function aboveDiaphragm(patient: Anatomy, x: number, y: number, z: number): number {
  const right = x < 0;
  const dome = right ? patient.diaphragm.right : patient.diaphragm.left;
  const dx = (x - (right ? -58 : 62)) / patient.cage.a;
  const dy = (y - patient.cage.y + 14) / patient.cage.b;
  return (z - dome + 70 * dx * dx + 38 * dy * dy + 4 * patient.noise(x / 45, y / 45, 3)) * 0.8;
}

export function heartDepth(patient: Anatomy, x: number, y: number, z: number): number {
  const { heart } = patient;
  const dz = z - heart.z;
  // It leans to the left and to the front as it goes down.
  return ellipsoid(
    x - heart.x + 0.28 * dz,
    y - heart.y - 0.12 * dz,
    dz,
    54 * heart.size,
    44 * heart.size,
    50 * heart.size,
  );
}

/** Half width of the mediastinum: thin in front, wide at the hila. */
function halfMediastinum(patient: Anatomy, y: number, z: number): number {
  const front = clamp((y + 62) / 40, 0, 1);
  const hilum = Math.max(0, 1 - Math.abs(z - patient.carina + 12) / 45);
  const top = clamp((z - patient.arch) / 40, 0, 1);
  return mix(7, 22, front) + 7 * hilum * front + 3 * top;
}

/** How deep a point lies inside a lung, in mm; negative outside of both. */
export function lungDepth(patient: Anatomy, x: number, y: number, z: number): number {
  return lungDepthInCage(patient, x, y, z, cageDepth(patient, x, y, z));
}

/**
 * The share of a voxel that is lung, for a point that lies `cageDepth` deep in the rib cage. A
 * smooth minimum is at most the smaller one, so that one surface far outside of which a point lies
 * says that there is no lung, and the others are not asked.
 */
export function lungShare(patient: Anatomy, x: number, y: number, z: number, cageDepth: number, soft: number): number {
  // Further than the blurred border, and than the noise of 2 mm on heart and 4 mm on the dome.
  const outside = -soft;
  if (cageDepth - 2 < outside) return 0;
  if (patient.apex - z < outside) return 0;
  if (-5 - heartDepth(patient, x, y, z) + 2 < outside) return 0;
  if (Math.abs(x) - halfMediastinum(patient, y, z) + 4 < outside) return 0;
  return cover(lungDepthInCage(patient, x, y, z, cageDepth), soft);
}

function lungDepthInCage(patient: Anatomy, x: number, y: number, z: number, cageDepth: number): number {
  const cage = cageDepth - 2;
  if (cage < -12) return cage;
  const { spine } = patient;
  const wobble = 4 * patient.noise(x / 26, y / 26, z / 30);
  let depth = smoothMin(cage, Math.abs(x) - halfMediastinum(patient, y, z) + wobble, 8);
  depth = smoothMin(depth, aboveDiaphragm(patient, x, y, z), 5);
  depth = smoothMin(depth, -5 - heartDepth(patient, x, y, z) + 0.5 * wobble, 7);
  const side = Math.abs(x);
  const back = y - spine.y;
  depth = smoothMin(depth, Math.sqrt(side * side + back * back) - spine.radius - 6, 6);
  const px = side - 38;
  const py = y - 12;
  depth = smoothMin(depth, patient.apex - z - (px * px + py * py) / 70, 6);
  return depth;
}
