import { gunzipSync } from 'node:zlib';
import { decodeSafetensors } from '../src/detectors/safetensors.js';
import { headerLength, parseHeader } from '../src/formats/nifti/header.js';

/** How two outputs differ: not at all, or by so much. */
export interface Difference {
  /** Files that are not equal byte for byte. */
  readonly files: readonly string[];
  /** The largest |a - b| of two numbers, relative to the largest |a| in the same file or tensor. */
  readonly relative: number;
  /** Voxels of segmentations with another label. */
  readonly labels: number;
}

/** Outputs of a run by name. */
export type Outputs = ReadonlyMap<string, Uint8Array>;

/** @throws Error where the outputs have other names, or texts that differ in more than numbers */
export function difference(a: Outputs, b: Outputs): Difference {
  if ([...a.keys()].sort().join() !== [...b.keys()].sort().join())
    throw new Error(`${[...a.keys()]} are not ${[...b.keys()]}`);
  const files = [...a.keys()].filter((name) => Buffer.compare(a.get(name)!, b.get(name)!) !== 0);
  let relative = 0;
  let labels = 0;
  for (const name of files) {
    const [one, two] = [numbersOf(name, a.get(name)!), numbersOf(name, b.get(name)!)];
    for (const [i, values] of one.entries()) relative = Math.max(relative, deviation(values, two[i]));
    if (isSegmentation(one)) labels += unequal(one[0], two[0]);
  }
  return { files, relative, labels };
}

function unequal(a: Numbers, b: Numbers): number {
  let count = 0;
  for (let i = 0; i < a.length; i++) count += Number(a[i] !== b[i]);
  return count;
}

type Numbers = Float64Array | Float32Array | Uint8Array | number[];

const isSegmentation = ([values]: readonly Numbers[]): boolean => values instanceof Uint8Array;

/** The numbers of a file, in groups of one scale. */
function numbersOf(name: string, bytes: Uint8Array): Numbers[] {
  if (name.endsWith('.nii.gz')) return [voxelsOf(gunzipSync(bytes))];
  if (name.endsWith('.safetensors'))
    return [...Object.values(decodeSafetensors(bytes))].map(({ data }) => data as Float64Array);
  return (
    Buffer.from(bytes)
      .toString()
      // Hashes follow from the rest and are no numbers.
      .replace(/[0-9a-f]{64}/g, '')
      .match(/-?\d+(\.\d+)?(e[+-]?\d+)?/g)
      ?.map((number) => [Number(number)]) ?? []
  );
}

function voxelsOf(bytes: Buffer): Numbers {
  const header = parseHeader(bytes.subarray(0, headerLength(bytes) ?? 0), { name: 'output' });
  const body = Uint8Array.from(bytes.subarray(header.voxelOffset));
  return header.dataType === 'uint8' ? body : new Float32Array(body.buffer);
}

function deviation(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) throw new Error(`${a.length} numbers against ${b.length}`);
  let [scale, worst] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    scale = Math.max(scale, Math.abs(a[i]));
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
  }
  return scale > 0 ? worst / scale : worst;
}
