import ndarray from 'ndarray';
import type { Grid, Slice } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { beyond, DEFAULT_LIMITS, type ScanLimits } from '../../limits.js';
import type { ImageReader } from '../../plan.js';
import type { Warning } from '../../results.js';
import { describeForeign, hasNiftiLength } from '../identify.js';
import { storedGrid } from '../stored-grid.js';
import { dataTypes } from './datatypes.js';
import { isPlaced } from './geometry.js';
import { headerLength, type NiftiHeader, parseHeader } from './header.js';
import { TrailingData } from './trailing.js';
import { alwaysFinite, countNonFinite, decodeVoxels } from './voxels.js';

export interface NiftiParserOptions {
  /** Name of the case, carried by every slice. */
  readonly case: string;
  /** Name of the file in messages. */
  readonly name: string;
  /**
   * Which volume of a 4-D (to 7-D) file, counted from 0 with the fourth dimension fastest. Without
   * it such files are refused.
   */
  readonly volume?: number;
  /**
   * Whose rules the header is read by.
   * @default nibabel's, with units honoured
   */
  readonly reader?: ImageReader | undefined;
  /** @default DEFAULT_LIMITS */
  readonly limits?: ScanLimits;
  /** Told of what is probably wrong with the header, and of bytes behind the last voxel. */
  readonly onWarning?: ((warning: Warning) => void) | undefined;
}

/**
 * Uncompressed NIfTI bytes in, in pieces of any size; slices out. Holds the header and one slice.
 *
 * Bytes after the last voxel are counted and warned of at the end.
 */
export class NiftiParser {
  readonly #options: NiftiParserOptions;
  readonly #headerBytes = new Uint8Array(540);
  /** Bytes seen so far, from the first of the header. */
  #received = 0;
  /** What the header turned into, once it has been read. */
  #body: Body | null = null;

  /** @throws SegcanaryError `usage` when the volume is not a whole number >= 0 */
  constructor(options: NiftiParserOptions) {
    const { volume } = options;
    if (volume !== undefined && !(Number.isSafeInteger(volume) && volume >= 0)) {
      throw new SegcanaryError(
        'usage',
        `\`volume\` is ${volume}, and the volumes of a 4-D file are counted 0, 1, 2, …`,
        { option: 'volume' },
      );
    }
    this.#options = options;
  }

  /** The header, once it has come. */
  get header(): NiftiHeader | null {
    return this.#body?.header ?? null;
  }

  /**
   * Takes the next bytes and gives the slices that they complete.
   *
   * @throws SegcanaryError `nifti-invalid`, `nifti-unsupported`, `limit-exceeded`, `usage` as soon
   *   as the header is there; `non-finite` for the first slice with NaN or infinity
   */
  *push(bytes: Uint8Array): Generator<Slice> {
    let rest = bytes;
    if (this.#body === null) {
      rest = this.#collectHeader(bytes);
      const length = headerLength(this.#headerBytes.subarray(0, Math.min(this.#received, 4)));
      if (length === null || this.#received < length) return;
      this.#body = layOut(parseHeader(this.#headerBytes.subarray(0, length), this.#options), this.#options);
      for (const warning of this.#body.header.warnings) this.#options.onWarning?.(warning);
    }
    yield* this.#voxels(rest, this.#body);
  }

  /**
   * @throws SegcanaryError `truncated` when the bytes ended before the voxels did, `nifti-invalid`
   *   when too few came to be NIfTI at all
   */
  end(): void {
    const { name } = this.#options;
    if (this.#received === 0)
      throw new SegcanaryError('truncated', 'there is nothing in it, not a single byte; give a .nii or .nii.gz file.', {
        subject: name,
      });
    if (this.#body !== null) {
      if (this.#received >= this.#body.fileEnd) {
        const warning = this.#body.trailing.warning();
        if (warning) this.#options.onWarning?.(warning);
        return;
      }
      throw new SegcanaryError(
        'truncated',
        `the data ends after ${this.#received} of the ${this.#body.fileEnd} bytes that the header announces; the file is incomplete, copy it again.`,
        { subject: name },
      );
    }
    const start = this.#headerBytes.subarray(0, this.#received);
    if (hasNiftiLength(start, 348) || hasNiftiLength(start, 540)) {
      throw new SegcanaryError(
        'truncated',
        `the data ends after ${this.#received} bytes, within the NIfTI header; the file is incomplete, copy it again.`,
        { subject: name },
      );
    }
    throw new SegcanaryError('nifti-invalid', `this is not a NIfTI file, ${describeForeign(start)}.`, {
      subject: name,
    });
  }

  /** Takes what belongs to the header and gives back the rest. */
  #collectHeader(bytes: Uint8Array): Uint8Array {
    let at = 0;
    while (at < bytes.length) {
      const wanted = headerLength(this.#headerBytes.subarray(0, Math.min(this.#received, 4))) ?? 4;
      if (this.#received === wanted) break;
      const piece = bytes.subarray(at, at + wanted - this.#received);
      this.#headerBytes.set(piece, this.#received);
      this.#received += piece.length;
      at += piece.length;
    }
    return bytes.subarray(at);
  }

  *#voxels(bytes: Uint8Array, body: Body): Generator<Slice> {
    let at = 0;
    while (at < bytes.length) {
      const inVolume = this.#received - body.voxelStart;
      if (inVolume < 0) {
        at += this.#pass(Math.min(-inVolume, bytes.length - at));
      } else if (inVolume >= body.volumeBytes) {
        // What follows the volume is other volumes first, if there are any.
        body.trailing.push(bytes.subarray(at), body.fileEnd - this.#received);
        at += this.#pass(bytes.length - at);
      } else {
        const z = Math.floor(inVolume / body.raw.length);
        const filled = inVolume - z * body.raw.length;
        const piece = bytes.subarray(at, at + body.raw.length - filled);
        body.raw.set(piece, filled);
        at += this.#pass(piece.length);
        if (filled + piece.length === body.raw.length) yield this.#slice(body, z);
      }
    }
  }

  #pass(count: number): number {
    this.#received += count;
    return count;
  }

  #slice({ header, grid, raw }: Body, z: number): Slice {
    const voxels = decodeVoxels(raw, header);
    const bad = alwaysFinite(header) ? 0 : countNonFinite(voxels);
    if (bad > 0) {
      throw new SegcanaryError(
        'non-finite',
        `${bad} voxel${bad > 1 ? 's' : ''} of slice ${z} (the first such slice) ${bad > 1 ? 'are' : 'is'} NaN or infinite; replace such voxels before scoring.`,
        { subject: this.#options.name },
      );
    }
    return { grid, z, data: ndarray(voxels, [1, grid.shape[1], grid.shape[2]]) };
  }
}

/** The file after its header. */
interface Body {
  readonly header: NiftiHeader;
  readonly grid: Grid;
  /**
   * First byte of the wanted volume, its length, and the end of the last volume, counted from the
   * first byte of the file.
   */
  readonly voxelStart: number;
  readonly volumeBytes: number;
  readonly fileEnd: number;
  readonly trailing: TrailingData;
  /** The slice that is being filled, as stored. */
  readonly raw: Uint8Array<ArrayBuffer>;
}

function layOut(header: NiftiHeader, options: NiftiParserOptions): Body {
  const { case: caseName, name, volume } = options;
  const { shape, volumes, spacing, affine, geometry } = header;
  refuseHuge(header, options);
  if (volumes > 1 && volume === undefined) {
    throw new SegcanaryError(
      'nifti-unsupported',
      `the file holds ${volumes} volumes and a scan is one; choose one with \`volume\`, counted from 0.`,
      { option: 'volume', subject: name },
    );
  }
  if (volume !== undefined && volume >= volumes) {
    throw new SegcanaryError(
      'usage',
      `there is no volume ${volume}, the file holds ${volumes} (\`volume\` counts from 0).`,
      { option: 'volume', subject: name },
    );
  }
  const [depth, height, width] = shape;
  const sliceBytes = height * width * dataTypes[header.dataType].bytes;
  const volumeBytes = sliceBytes * depth;
  const placed = isPlaced(geometry);
  const grid = storedGrid({ case: caseName, shape, spacing, channels: 1, affine, placed, header: geometry });
  return {
    header,
    grid,
    voxelStart: header.voxelOffset + (volume ?? 0) * volumeBytes,
    volumeBytes,
    fileEnd: header.voxelOffset + volumes * volumeBytes,
    trailing: new TrailingData(sliceBytes),
    raw: new Uint8Array(sliceBytes),
  };
}

/** Before anything is allocated. */
function refuseHuge(header: NiftiHeader, { name, limits = DEFAULT_LIMITS }: NiftiParserOptions): void {
  const { shape, volumes, voxelOffset, dataType, version } = header;
  const [slices, height, width] = shape;
  const found: Partial<ScanLimits> = {
    slices,
    sliceVoxels: height * width,
    extension: voxelOffset - (version === 1 ? 348 : 540),
    bytes: voxelOffset + slices * height * width * volumes * dataTypes[dataType].bytes,
  };
  for (const [limit, n] of Object.entries(found) as [keyof ScanLimits, number][])
    if (n > limits[limit]) throw beyond(limit, limits[limit], name, n);
}
