import type { Anatomy } from './anatomy.js';
import { plates, ribs, spine } from './bones.js';
import { type Lesion, lesionShare, lesionTissue, reaches } from './lesions.js';
import { cageDepth, lungShare } from './lungs.js';
import { abdomen, airways, atHeight, boxed, greatVessels, mediastinum, tubes } from './organs.js';
import { cover, mix } from './shapes.js';
import { air, bodyDepth, inAir, table, wall } from './trunk.js';

/**
 * What is found at one point. The fields are overwritten by the next look: 2 million objects a
 * phantom would cost more than the anatomy.
 */
export interface Scene {
  /** Looks at a point in mm; `vessel` is the share of the voxel that lung vessels fill. */
  look(x: number, y: number, z: number, vessel: number): void;
  /** Hounsfield units without noise. */
  hu: number;
  /** Share of lesion, 0 to 1; never outside the lungs. */
  lesion: number;
  /** Share of lung. */
  lung: number;
  /** mm under the skin; some negative number in the air. */
  depth: number;
}

/**
 * The patient in the scanner. `soft` is the width in mm over which a border is blurred: a voxel.
 */
export function createScene(patient: Anatomy, list: readonly Lesion[], soft: number): Scene {
  const inner = airways(patient);
  const outer = inner.map((tube) => ({ ...tube, radius: tube.radius + 1.6, endRadius: tube.endRadius + 1.2 }));
  const all = { blood: boxed(greatVessels(patient), soft), bronchi: boxed(inner, soft), walls: boxed(outer, soft) };
  const { noise } = patient;

  const scene: Scene = { look, hu: 0, lesion: 0, lung: 0, depth: 0 };

  // What reaches the height that was looked at last: a scan is computed slice by slice.
  let height = Number.NaN;
  let { blood, bronchi, walls } = all;
  let near = list;

  function moveTo(z: number): void {
    height = z;
    blood = atHeight(all.blood, z);
    bronchi = atHeight(all.bronchi, z);
    walls = atHeight(all.walls, z);
    near = list.filter((lesion) => reaches(lesion, z));
  }

  function inLung(hu: number, share: number, vessel: number, x: number, y: number, z: number): number {
    // Blood pools at the back: the lung is denser there.
    let tissue = patient.lung + 0.4 * (y + 40) + 28 * noise(x / 7, y / 7, z / 9) + 14 * noise(x / 3, y / 3, z / 4);
    scene.lesion = 0;
    for (const lesion of near) {
      const taken = lesionShare(patient, lesion, x, y, z);
      if (taken === 0) continue;
      tissue = mix(tissue, Math.max(tissue, lesionTissue(patient, lesion, x, y, z)), taken);
      scene.lesion = Math.max(scene.lesion, taken * share);
    }
    tissue = Math.max(tissue, mix(tissue, 40, vessel));
    return mix(hu, tissue, share);
  }

  function inChest(x: number, y: number, z: number, cage: number, vessel: number, hu: number): number {
    let out = hu;
    scene.lung = lungShare(patient, x, y, z, cage, soft);
    // Where a voxel is all lung, what lies around the lungs is not asked: half of the time.
    if (scene.lung < 1) {
      out = mix(out, mediastinum(patient, x, y, z, soft), cover(cage, soft));
      out = abdomen(patient, out, x, y, z, cage, soft);
      if (Math.abs(x) < 60) out = tubes(out, x, y, z, blood, patient.blood, soft);
    }
    if (scene.lung > 0) out = inLung(out, scene.lung, vessel, x, y, z);
    if (Math.abs(x) < 80 && z > patient.carina - 95) {
      out = tubes(out, x, y, z, walls, 20, soft);
      out = tubes(out, x, y, z, bronchi, -985, soft);
    }
    return out;
  }

  function look(x: number, y: number, z: number, vessel: number): void {
    scene.lesion = 0;
    scene.lung = 0;
    if (z !== height) moveTo(z);
    if (inAir(patient, x, y, z, soft)) {
      scene.depth = -2 * soft;
      scene.hu = table(patient, air, x, y, soft);
      return;
    }
    const depth = bodyDepth(patient, x, y, z);
    scene.depth = depth;
    if (depth < -soft) {
      scene.hu = table(patient, air, x, y, soft);
      return;
    }
    const cage = depth > 5 ? cageDepth(patient, x, y, z) : Number.NEGATIVE_INFINITY;
    let hu = cage < soft ? wall(patient, depth, x, y, z, soft) : 0;
    if (depth > 5) {
      if (cage > -soft) hu = inChest(x, y, z, cage, vessel, hu);
      hu = ribs(patient, hu, x, y, z, cage, soft);
      hu = plates(hu, x, y, z, cage, soft);
      hu = spine(patient, hu, x, y, z, soft);
    }
    scene.hu = hu;
  }

  return scene;
}
