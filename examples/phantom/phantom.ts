import type { Triple } from '../../src/chunks.js';
import { anatomy } from './anatomy.js';
import type { Grid } from './grid.js';
import { lesions } from './lesions.js';
import { quantumNoise, smoothSlice } from './quantum-noise.js';
import { between, random } from './random.js';
import { createScene } from './scene.js';
import { clamp } from './shapes.js';
import type { Site } from './sites.js';
import { drawTubes, vesselTrees } from './vessels.js';

/** A computed chest CT with the truth about it. */
export interface Phantom {
  /**
   * Hounsfield units, [z, y, x] in C order. x grows to the patient's left, y to the back, z to the
   * head.
   */
  readonly volume: Int16Array;
  /** 1 where a lesion is. */
  readonly label: Uint8Array;
  /** 1 where a lung is, lesions included. */
  readonly lung: Uint8Array;
  /** Voxels along [z, y, x]. */
  readonly shape: Triple;
  /** mm along [z, y, x]. */
  readonly spacing: Triple;
  readonly site: string;
  readonly seed: number;
}

export interface PhantomOptions {
  readonly seed: number;
  readonly site: Site;
}

/**
 * Rays that cross more body arrive with fewer photons: noise grows with the depth under the skin.
 */
const noiseAt = (depth: number): number => 0.55 + 0.5 * clamp(depth / 80, 0, 1);

/** Two samples a slice: partial volume along z, which thick slices have. */
const samplesPerSlice = 2;

/**
 * Equal options give equal bytes on every machine: only +, -, *, / and square roots are used, which
 * IEEE 754 rounds exactly.
 */
export function generatePhantom({ seed, site }: PhantomOptions): Phantom {
  const next = random(seed);
  const patient = anatomy(next);
  const [depth, height, width] = site.shape;
  const [sz, sy, sx] = site.spacing;
  const grid: Grid = {
    shape: site.shape,
    spacing: site.spacing,
    origin: [
      between(next, -4, 4),
      (-(height - 1) / 2) * sy + 8 + between(next, -6, 6),
      (-(width - 1) / 2) * sx + between(next, -6, 6),
    ],
  };
  const vessels = drawTubes(vesselTrees(patient, next), grid);
  const scene = createScene(patient, lesions(patient, next), sx);
  const grain = quantumNoise(site.shape, site.kernel, next);

  const size = height * width;
  const volume = new Int16Array(depth * size);
  const label = new Uint8Array(depth * size);
  const lung = new Uint8Array(depth * size);
  const sum = { hu: new Float64Array(size), lesion: new Float64Array(size), lung: new Float64Array(size) };
  const slice = new Float32Array(size);
  const deep = new Float32Array(size);
  for (let z = 0; z < depth; z++) {
    for (const list of Object.values(sum)) list.fill(0);
    for (let s = 0; s < samplesPerSlice; s++) {
      const mm = grid.origin[0] + (z + (s + 0.5) / samplesPerSlice - 0.5) * sz;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const at = y * width + x;
          scene.look(grid.origin[2] + x * sx, grid.origin[1] + y * sy, mm, vessels[z * size + at]);
          sum.hu[at] += scene.hu;
          sum.lesion[at] += scene.lesion;
          sum.lung[at] += scene.lung;
          deep[at] = scene.depth;
        }
      }
    }
    for (let at = 0; at < size; at++) {
      slice[at] = sum.hu[at] / samplesPerSlice;
      label[z * size + at] = sum.lesion[at] >= 0.5 * samplesPerSlice ? 1 : 0;
      lung[z * size + at] = sum.lung[at] >= 0.5 * samplesPerSlice ? 1 : 0;
    }
    if (site.kernel > 1) smoothSlice(slice, height, width);
    for (let at = 0; at < size; at++) {
      const hu = slice[at] + site.offset + site.noise * noiseAt(deep[at]) * grain[z * size + at];
      volume[z * size + at] = clamp(Math.round(hu), -1024, 3071);
    }
  }
  return { volume, label, lung, shape: site.shape, spacing: site.spacing, site: site.name, seed };
}
