import { pipeline } from 'node:stream/promises';
import type { ChannelBytes, LabelSlice, Scan, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { isDicomSource } from '../formats/dicom/dicom-source.js';
import { flipPlane } from '../formats/dicom/layout.js';
import { axesTowards, axisCodes, isAxisCodes } from '../maths/volume/axis-codes.js';
import { type AxisMap, rasAxes, turnedAffine } from '../maths/volume/orientation.js';
import { load } from '../stages/load.js';
import { type SimulateOptions, simulate } from '../stages/simulate.js';

/** The true segmentation of a scan, read slice by slice beside it. */
export class Truth {
  readonly #file: string;
  readonly #slices: AsyncIterator<Slice>;
  #scan: Scan | null = null;

  /** @param shift what the scan was changed by, which may change the truth */
  constructor(source: ChannelBytes, shift?: Omit<SimulateOptions, 'of'> | null) {
    this.#file = source.file;
    this.#slices = slicesOf(source, () => this.#scan, shift);
  }

  /**
   * The slice that belongs to this one of the network's segmentation. Ask in order. Beside a NIfTI
   * scan it is taken voxel by voxel, as nnU-Net takes it. How the voxels of a DICOM series lie was
   * decided here, and whoever drew the truth may have decided otherwise: rows and columns are
   * turned round as its affine says.
   *
   * @throws SegcanaryError whatever is wrong with the file; `scan-unsuitable` where it is of
   *   another shape than the scan, or does not lie on the slices of a series
   */
  async next({ grid: { scan } }: Pick<LabelSlice, 'grid'>): Promise<Float32Array> {
    this.#scan ??= scan;
    const { value, done } = (await this.#slices.next()) as IteratorResult<Slice, undefined>;
    if (!done && value.grid.scan.shape.every((n, axis) => n === scan.shape[axis])) return value.data.data;
    throw new SegcanaryError(
      'scan-unsuitable',
      `has ${done ? 'fewer slices' : `${value.grid.scan.shape.toReversed().join(' x ')} voxels`} than its scan ${scan.case} (${scan.shape.toReversed().join(' x ')}); give the segmentation of this scan.`,
      { subject: this.#file },
    );
  }

  async close(): Promise<void> {
    await this.#slices.return?.();
  }
}

async function* slicesOf(
  { file, bytes }: ChannelBytes,
  scanOf: () => Scan | null,
  shift?: Omit<SimulateOptions, 'of'> | null,
): AsyncGenerator<Slice, void, undefined> {
  // Masks are packed as well as bombs are; what they unpack to is bounded all the same.
  const loaded = load({ case: file, name: file, limits: { ratio: Number.POSITIVE_INFINITY } });
  const shifted = shift ? simulate({ ...shift, of: 'truth' }) : null;
  // Whoever reads the slices is told of an error; nobody else needs to be.
  pipeline(bytes, loaded).catch(() => {});
  const turned = turnedOnto(loaded, scanOf, file);
  if (shifted) pipeline(turned, shifted).catch(() => {});
  yield* shifted ?? turned;
}

/** Slices as they lie on the scan, where that is a series of DICOM and they say where they lie. */
async function* turnedOnto(
  slices: AsyncIterable<Slice>,
  scanOf: () => Scan | null,
  file: string,
): AsyncGenerator<Slice, void, undefined> {
  let flipped: AxisMap['flipped'] | null = null;
  for await (const slice of slices) {
    const scan = scanOf();
    if (scan !== null && isDicomSource(scan.header)) {
      flipped ??= flipsOnto(slice.grid.scan, scan, file);
      const [, , width] = slice.grid.scan.shape;
      flipPlane(slice.data.data, width, flipped[1], flipped[2]);
    }
    yield slice;
  }
}

/** Voxels that a truth may lie beside its scan: files round where they lie. */
const BESIDE = 0.5;

function flipsOnto(truth: Scan, scan: Scan, file: string): AxisMap['flipped'] {
  const ras = truth.placed ? rasAxes(truth.affine) : null;
  const codes = axisCodes(scan.affine);
  // What says nothing of its place, or is of another shape, is told elsewhere.
  if (ras === null || codes === null || !isAxisCodes(codes) || truth.shape.some((n, i) => n !== scan.shape[i]))
    return [false, false, false];
  const map = axesTowards(ras, codes);
  const refuse = (what: string): never => {
    throw new SegcanaryError(
      'scan-unsuitable',
      `${what} its scan ${scan.case}; give its segmentation on the grid of the series.`,
      { subject: file },
    );
  };
  if (map.flipped[0] || map.axes.some((axis, i) => axis !== i))
    refuse(`its axes run to ${axisCodes(truth.affine)}, and its slices are not those of (${codes})`);
  const turned = turnedAffine(truth.affine, truth.shape, map);
  const size = Math.min(...scan.spacing);
  const [depth, height, width] = scan.shape;
  for (const [x, y, z] of [[0, 0, 0] as const, [width - 1, height - 1, depth - 1] as const]) {
    const at = (affine: readonly number[]) =>
      [0, 4, 8].map((row) => affine[row] * x + affine[row + 1] * y + affine[row + 2] * z + affine[row + 3]);
    const place = at(scan.affine);
    const apart = Math.hypot(...at(turned).map((mm, i) => mm - place[i]));
    if (apart > BESIDE * size) refuse(`it lies ${apart.toFixed(2)} mm beside`);
  }
  return map.flipped;
}
