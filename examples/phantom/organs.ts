import type { Anatomy } from './anatomy.js';
import { aboveDiaphragm, heartDepth } from './lungs.js';
import { cover, ellipsoid, mix, type Tube, tubeDepth } from './shapes.js';

/** Aorta, caval vein, pulmonary trunk and arteries: tubes of blood. */
export function greatVessels(patient: Anatomy): Tube[] {
  const { arch, carina, heart, spine } = patient;
  const back = spine.y - 16;
  const tube = (from: Tube['from'], to: Tube['to'], radius: number, endRadius = radius): Tube => ({
    from,
    to,
    radius,
    endRadius,
  });
  return [
    tube([24, back, -20], [22, back - 2, arch - 6], 11, 12.5),
    tube([22, back - 2, arch - 6], [4, -14, arch + 4], 13),
    tube([4, -14, arch + 4], [-10, -24, arch - 18], 14),
    tube([-10, -24, arch - 18], [2, heart.y + 4, heart.z + 30], 15),
    tube([-27, -14, arch + 55], [-26, -14, heart.z + 10], 8.5),
    tube([6, -24, carina + 2], [14, heart.y - 2, heart.z + 30], 14),
    tube([8, -18, carina - 4], [-40, 2, carina - 18], 10, 8),
    tube([12, -14, carina + 2], [46, 8, carina - 6], 11, 8),
    tube([12, 0, arch + 6], [20, 6, arch + 75], 5.5),
    tube([-4, -10, arch + 6], [-16, -2, arch + 75], 6),
  ];
}

/** Trachea and bronchi, the first two generations. */
export function airways(patient: Anatomy): Tube[] {
  const { carina } = patient;
  const tube = (from: Tube['from'], to: Tube['to'], radius: number, endRadius: number): Tube => ({
    from,
    to,
    radius,
    endRadius,
  });
  const split: Tube['from'] = [-1, 14, carina];
  const right: Tube['from'] = [-34, 17, carina - 24];
  const left: Tube['from'] = [42, 20, carina - 32];
  return [
    tube([0, 4, carina + 110], split, 9, 9),
    tube(split, right, 8, 6.5),
    tube(split, left, 7.5, 6),
    tube(right, [-62, 2, carina + 8], 4.6, 2.4),
    tube(right, [-52, 22, carina - 78], 5, 2.2),
    tube(right, [-70, -28, carina - 46], 4, 2),
    tube(left, [64, -8, carina + 4], 4.4, 2.2),
    tube(left, [60, 30, carina - 88], 4.8, 2.2),
  ];
}

/** Between the lungs: fat with lymph nodes, thymus and gullet in it, the heart in its sac. */
export function mediastinum(patient: Anatomy, x: number, y: number, z: number, soft: number): number {
  const { noise } = patient;
  const lumps = noise(x / 13 + 5, y / 13, z / 16);
  let hu = mix(-95, 38, cover(lumps * 14 - 3, 6));
  const gx = x - 8;
  const gy = y - patient.spine.y + patient.spine.radius + 11;
  hu = mix(hu, 35, cover(7 - Math.sqrt(gx * gx + gy * gy), soft));
  const heart = heartDepth(patient, x, y, z);
  hu = mix(hu, -85, cover(heart + 5, soft));
  const inside = cover(heart, soft);
  if (inside === 0) return hu;
  const wallOfHeart = 55 + 6 * noise(x / 10, y / 10, z / 10);
  return mix(hu, mix(wallOfHeart, patient.blood, cover(heart - 10, 6)), inside);
}

/** Under the diaphragm: liver to the right, stomach with its bubble and spleen to the left. */
export function abdomen(
  patient: Anatomy,
  hu: number,
  x: number,
  y: number,
  z: number,
  cage: number,
  soft: number,
): number {
  const below = -aboveDiaphragm(patient, x, y, z);
  const inside = Math.min(below, cage - 3);
  const share = cover(inside, soft);
  if (share === 0) return hu;
  const { noise } = patient;
  let organ = -98 + 18 * noise(x / 12, y / 12, z / 12);
  const liver = Math.min(inside - 2, 34 - x + 10 * noise(3, y / 40, z / 40), 62 - 0.2 * x - y);
  if (liver > -soft) organ = mix(organ, 58 + 7 * noise(x / 5, y / 5, z / 7), cover(liver, soft));
  const spleen = ellipsoid(x - 88, y - 34, z - patient.diaphragm.left + 45, 27, 36, 40);
  if (spleen > -soft) organ = mix(organ, 48 + 5 * noise(x / 6, y / 6, z / 8), cover(spleen, soft));
  const stomach = ellipsoid(x - 62, y + 22, z - patient.diaphragm.left + 34, 36, 38, 28);
  const bubble = cover(-28 - y, 4);
  organ = mix(organ, mix(22, -960, bubble * cover(stomach - 3, soft)), cover(stomach, soft));
  return mix(hu, organ, share);
}

/** A tube and the box outside of which it changes nothing. */
export interface BoxedTube {
  readonly tube: Tube;
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

/** Most tubes are far from most points, which a box says sooner than a square root. */
export function boxed(list: readonly Tube[], soft: number): BoxedTube[] {
  return list.map((tube) => {
    const reach = Math.max(tube.radius, tube.endRadius) + soft;
    const edge = (axis: 0 | 1 | 2, sign: -1 | 1): number =>
      sign * Math.max(sign * tube.from[axis], sign * tube.to[axis]) + sign * reach;
    return { tube, low: [edge(0, -1), edge(1, -1), edge(2, -1)], high: [edge(0, 1), edge(1, 1), edge(2, 1)] };
  });
}

/** Those of the tubes that reach a slice. */
export const atHeight = (list: readonly BoxedTube[], z: number): BoxedTube[] =>
  list.filter(({ low, high }) => z >= low[2] && z <= high[2]);

export function tubes(
  hu: number,
  x: number,
  y: number,
  z: number,
  list: readonly BoxedTube[],
  value: number,
  soft: number,
): number {
  let deepest = -1e9;
  for (let i = 0; i < list.length; i++) {
    const { tube, low, high } = list[i];
    if (x < low[0] || x > high[0] || y < low[1] || y > high[1]) continue;
    deepest = Math.max(deepest, tubeDepth(x, y, z, tube));
  }
  return deepest < -soft ? hu : mix(hu, value, cover(deepest, soft));
}
